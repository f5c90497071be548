"""Summary tables that are damaged, or meant to take long: read or refused in words, and soon."""

import time
from contextlib import suppress

import pytest

from autograder.network.table import TableError, parse_table

ROW = "dense (Dense)    (None, 10)    7,850\n"

UNREADABLE = {
    "a count of commas": "│ dense (Dense) │ (None, 10) │ , │",
    "a digit that is no number": "│ dense (Dense) │ (None, ²) │ 1 │",
    "a shape and a comma": "dense (Dense)    (None, 10)    ,",
}
LONG = {
    "connected to one long name": f"│ dense (Dense) │ (None, 10) │ 7,850 │ {'a' * 200_000} │",
    "blanks after a total": ROW + f"Total params{' ' * 200_000}x",
    "blanks in a shape": f"dense (Dense)    (None, 10{' ' * 200_000}x",
    "opening brackets": ROW + "(" * 200_000,
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_number_that_is_none_is_refused_in_words(name):
    with pytest.raises(TableError, match=r"Line 1 "):
        parse_table(UNREADABLE[name])


@pytest.mark.parametrize("name", LONG)
def test_a_long_line_takes_no_time(name):
    start = time.process_time()
    with suppress(TableError):
        parse_table(LONG[name])
    assert time.process_time() - start < 1


def test_a_name_that_a_row_is_connected_to_is_read_whole():
    table = parse_table("│ add (Add) │ (None, 10) │ 0 │ block/a.b-1:0[0][0], dense[1][0] │")
    assert table.rows[0].connected == ("block/a.b-1:0", "dense")


def test_a_table_that_a_terminal_cut_off_says_so():
    table = "┃ Layer (type)   ┃ Output Shape   ┃\n│ dense (Dense)  │ (None, 10)     │\n Total params: 7,850\n"
    with pytest.raises(TableError, match='has no column "Param #": it was cut at the width of the terminal'):
        parse_table(table)
