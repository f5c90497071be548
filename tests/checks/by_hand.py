"""Evidence as the kernel would give it, made by hand; and questions with the fields that all of them have."""

from autograder.checks.base import Context, ExpectedNetwork
from autograder.checks.judging import judge_all, tasks_needed
from autograder.checks.registry import find_kind
from autograder.network.canonical import canonicalize
from autograder.observe.plain import describe_value
from autograder.records.evidence import (
    CapturedFigure,
    CapturedFile,
    CapturedFit,
    CapturedNetwork,
    CapturedValue,
    CellRun,
    Evidence,
)
from autograder.records.training import Recipe

RECIPE = Recipe(dataset="cifar10", train=500, validation=100, epochs=2, batch_size=32)
NOTHING = object()


def question(kind, **fields):
    """A question from its TOML table."""
    return find_kind(kind).model_validate({"kind": kind, "id": "q", "title": "Q", "points": 2} | fields)


def layer(class_name, **config):
    return {"module": "keras.layers", "class_name": class_name, "config": config, "registered_name": None}


def conv(filters, size=3):
    return layer("Conv2D", filters=filters, kernel_size=[size, size], activation="relu")


def pool():
    return layer("MaxPooling2D", pool_size=[2, 2])


def dense(units, activation="linear"):
    return layer("Dense", units=units, activation=activation)


FASHION = (conv(64), pool(), conv(64), pool(), layer("Flatten"), dense(128, "relu"), dense(10, "softmax"))


def sequential(*layers, shape=(28, 28, 1)):
    """The configuration of a Sequential model."""
    first = layer("InputLayer", batch_shape=[None, *shape], dtype="float32")
    named = [{**one, "config": {"name": f"l{at}", **one["config"]}} for at, one in enumerate((first, *layers))]
    return {"name": "sequential", "layers": named}


def network(*layers, name="model", shape=(28, 28, 1), compiled=None):
    return CapturedNetwork(
        name=name,
        class_name="Sequential",
        config=sequential(*layers, shape=shape),
        compile=compiled,
        input_shape=(None, *shape),
        cell=1,
    )


def value(given, name="q"):
    return CapturedValue(name=name, cell=0, **describe_value(given))


def fit(network="model", **fields):
    return CapturedFit(**{"network": network, "epochs": 1, "cell": 2} | fields)


def figure(*axes, cell=3):
    return CapturedFigure(axes=axes, cell=cell)


def file(name, **fields):
    return CapturedFile(**{"name": name, "size": 1000, "sha256": "0" * 64} | fields)


def context(*, answer=NOTHING, networks=(), expected=None, cells=(), runs=(), failed=(), **evidence):
    """What a check reads; `answer` is the value of the variable `q`, `expected` a network per name."""
    values = evidence.pop("values", ()) if answer is NOTHING else (value(answer),)
    runs_of_cells = tuple(CellRun(index=index, status="error") for index in failed)
    return Context(
        evidence=Evidence(
            key="k", cells=runs_of_cells, isolation="none", versions={}, values=values, networks=networks, **evidence
        ),
        expected={
            name: ExpectedNetwork(name, canonicalize(one.class_name, one.config), recipe=RECIPE)
            for name, one in (expected or {}).items()
        },
        cells=cells,
        runs={run.key: run for run in runs},
    )


def judged(asked, given):
    """The verdict as grading gets it: a check that fails itself says so in its status."""
    (verdict,) = judge_all([asked], given)
    assert verdict.status != "error", verdict.findings
    return verdict


def said(verdict):
    """Everything that the student reads, as one text."""
    return " ".join(f"{finding.message} {finding.hint}" for finding in verdict.findings)


def tasks(asked, given):
    return tasks_needed([asked], given)
