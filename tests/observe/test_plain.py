from __future__ import annotations

import numpy as np
import pytest

from autograder.observe.plain import NotPlain, describe_value, plain, type_name


class Liar(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


def test_tuples_and_numpy_scalars_become_lists_and_numbers() -> None:
    assert plain({"a": (1, np.float32(0.5)), "b": [np.bool_(True), None]}) == {"a": [1, 0.5], "b": [True, None]}


def test_numbers_that_json_does_not_know_become_none() -> None:
    assert plain([float("nan"), np.float64("inf"), 1e300]) == [None, None, 1e300]


@pytest.mark.parametrize("value", [Liar("x"), object(), {1: 2}, 2**5000, b"x", {1}, len, "x" * 10**6])
def test_whatever_is_not_plain_is_refused(value: object) -> None:
    with pytest.raises(NotPlain):
        plain([value])


def test_what_nests_too_deeply_is_refused() -> None:
    value: list[object] = []
    for _ in range(10_000):
        value = [value]
    with pytest.raises(NotPlain):
        plain(value)


def test_a_list_that_holds_itself_is_not_read() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert describe_value(endless).get("value") is None


def test_a_class_cannot_choose_the_name_it_is_called_by() -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> object:
            return {"__qualname__": "int", "__module__": "builtins"}.get(name) or super().__getattribute__(name)

    class Value(metaclass=Meta):
        pass

    assert type_name(Value()).endswith("Value")


def test_texts_with_broken_characters_stay_readable() -> None:
    assert describe_value("a\ud800b")["value"] == "a?b"
