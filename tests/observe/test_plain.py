from __future__ import annotations

from collections import deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
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


@pytest.mark.parametrize(
    ("value", "kind", "held"),
    [
        (Fraction(1, 4), "number", 0.25),
        (Decimal("97.8"), "number", 97.8),
        (deque([0.1, 0.2]), "sequence", [0.1, 0.2]),
        ({"a": 1, "b": 2}.values(), "sequence", [1, 2]),
        ({"a": 1, "b": 2}, "sequence", [1, 2]),
        ({"B"}, "sequence", ["B"]),
        (range(3), "sequence", [0, 1, 2]),
        (np.array(114), "array", 114),
        (np.array("B"), "array", "B"),
        (np.array([[1, 2], [3, 4]]).view(np.matrix), "array", [[1, 2], [3, 4]]),
        (pd.Series([0.5, 1.5]), "array", [0.5, 1.5]),
        (pd.Series(["B"]), "sequence", ["B"]),
        (pd.DataFrame({"accuracy": [0.5, 0.6]}), "array", [0.5, 0.6]),
        (pd.DataFrame({"a": [1], "b": [2]}), "array", [[1, 2]]),
    ],
)
def test_an_answer_is_read_in_whatever_it_lies(value: object, kind: str, held: object) -> None:
    found = describe_value(value)
    assert (found["kind"], found["value"]) == (kind, held)
    assert found["type_name"] == type_name(value)


@pytest.mark.slow
def test_tensors_and_shapes_of_tensorflow_and_keras_are_read() -> None:
    import keras
    import tensorflow as tf

    assert describe_value(tf.TensorShape([None, 26, 26, 64]))["value"] == [None, 26, 26, 64]
    assert describe_value(tf.constant([1.5, 2]))["value"] == [1.5, 2]
    assert describe_value(tf.Variable(3))["value"] == 3
    assert describe_value(keras.Variable([1.0, 2.0]))["value"] == [1, 2]
    assert describe_value(keras.ops.mean(keras.ops.array([1.0, 2.0])))["value"] == 1.5
    assert describe_value(keras.Input((4,)))["kind"] == "other"
