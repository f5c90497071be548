"""Outputs are counted where they are kept, whatever messages made them."""

from __future__ import annotations

from typing import Any

import nbformat

from autograder.observe.client import BoundedClient

LIMIT = 10_000


def kept(*messages: tuple[str, str, int]) -> tuple[int, bool]:
    """How many characters of output are kept of these (kind, display id, size), and whether something was cut."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x")])
    client = BoundedClient(notebook)
    client.reset_execution_trackers()
    client.clear_before_next_output = False  # as before every cell
    client.bound(LIMIT, 4 * LIMIT)
    for kind, name, size in messages:
        transient = {"display_id": name} if name else {}
        content: dict[str, Any] = {"data": {"text/plain": "y" * size}, "metadata": {}, "transient": transient}
        if kind == "execute_result":
            content["execution_count"] = 1
        client.process_message(
            {"msg_type": kind, "header": {"msg_type": kind}, "parent_header": {}, "content": content},
            notebook.cells[0],
            0,
        )
    return sum(len(one["data"]["text/plain"]) for one in notebook.cells[0].outputs), client.truncated


def test_a_display_that_is_updated_shows_its_last_state() -> None:
    assert kept(("display_data", "d", 1), ("update_display_data", "d", 500)) == (500, False)


def test_one_update_of_many_displays_is_counted_for_each() -> None:
    size, cut = kept(*[("display_data", "d", 1)] * 50, ("update_display_data", "d", 5000))
    assert size <= LIMIT
    assert cut


def test_a_display_that_changes_all_those_before_it_is_counted_for_each() -> None:
    for kind in ("display_data", "execute_result"):
        size, cut = kept(*[("display_data", "d", 1)] * 50, (kind, "d", 5000))
        assert size <= LIMIT
        assert cut


def test_an_update_of_nothing_is_not_kept() -> None:
    assert kept(("update_display_data", "never shown", 5000)) == (0, False)


def test_a_broken_id_is_no_end_of_the_grader() -> None:
    assert kept(("display_data", "", 10))[0] == 10
