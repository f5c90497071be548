"""`metric_output` in `[training]`: the output of a declared data set that is scored."""

import pytest

from autograder.assignment.declared_datasets import recipe_on
from autograder.assignment.model import DeclaredDataset
from autograder.datasets import DatasetSource, Declaration

DECLARED = Declaration(csv="shop.csv", outputs={"price": "price", "kind": "kind"})
SHOP = DatasetSource(
    source="csv",
    title="shop",
    digest="0",
    target_kind="values",
    rows=100,
    inputs={"": (3,)},
    outputs={"price": (), "kind": ()},
    output_kinds={"price": "values", "kind": "classes"},
    output_classes={"price": (), "kind": ("a", "b", "c")},
)


def read(dataset="shop", **training):
    problems: list[str] = []
    table = {"dataset": dataset, "epochs": 2, "batch_size": 10, "train": 80, "validation": 20, **training}
    recipe = recipe_on(table, {"shop": DeclaredDataset(DECLARED, SHOP)}, ("shop",), "[training]", problems)
    return recipe, problems


def test_task_and_metric_are_about_the_scored_output():
    first, no_problems = read(metric="rmse")
    assert (first.learns, first.classes, no_problems) == ("regression", (), [])
    other, no_problems = read(metric_output="kind", metric="f1")
    assert (other.learns, other.classes, no_problems) == ("classification", ("a", "b", "c"), [])
    assert other.of_output("price").scored_by.name == "mae"


@pytest.mark.parametrize(
    ("training", "sentence"),
    [
        ({"metric_output": "prize"}, 'metric_output is "prize"; the outputs of shop: "price", "kind".'),
        ({"metric_output": "kind", "metric": "mae"}, 'metric "mae" does not fit the task "classification"'),
        ({"metric_output": "kind", "task": "binary"}, 'task is "binary", and shop has 3 classes, not two.'),
        ({"task": "autoencoder"}, 'task is "autoencoder", and shop has named inputs or outputs'),
        (
            {"dataset": "mnist", "metric_output": "kind"},
            "metric_output is for data with named outputs, which mnist has not.",
        ),
    ],
)
def test_what_does_not_fit_gets_a_sentence(training, sentence):
    _, problems = read(**training)
    assert len(problems) == 1
    assert sentence in problems[0]
