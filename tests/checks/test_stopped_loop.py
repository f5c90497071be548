"""A mistake that stops a written training loop costs points where it was made, and once."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from by_hand import RECIPE, context, figure, question, said

from autograder.checks.base import ExpectedNetwork, NotebookCell
from autograder.checks.judging import judge_all
from autograder.checks.stopped_loop import as_planned
from autograder.network.torch.reader import read_description
from autograder.records.evidence import CapturedFit, CapturedNetwork, CellRun, Failure
from autograder.records.network_failure import NetworkFailure
from autograder.records.training_loop import CapturedLoop

DESCRIPTIONS = json.loads((Path(__file__).parents[1] / "network" / "torch_descriptions.json").read_text())
CNN2 = DESCRIPTIONS["cnn2_functional"]
LOOP = """history = {"loss": [], "val_accuracy": []}
for epoch in range(EPOCHS):
    for x, y in loader:
        loss = criterion(model(x), y)
        loss.backward()
    with torch.no_grad():
        history["loss"].append(loss.item())"""
FUNCTION = """def train(network, epochs=EPOCHS):
    for _ in tqdm(range(1, epochs + 1)):
        for x, y in loader:
            criterion(network(x), y).backward()
    network.eval()"""
COMPILE = question("compiled", id="compile", title="Criterion", network="model", optimizer="adam", points=4)
COMPILE = COMPILE.model_copy(update={"loss": ("sparse_categorical_crossentropy",)})
TRAIN = question(
    "history",
    id="loop",
    title="Loop",
    network="model",
    epochs=5,
    metrics=["loss", "accuracy"],
    validation=True,
    points=4,
)
CURVES = question("figure", id="curves", network="model", quantity="loss")
MEASURED = question("number", id="measured", answer="reached", minimum=0.5, maximum=1, fraction=True, measured=True)
ALL = (COMPILE, TRAIN, CURVES, MEASURED)
ADAM = {"class_name": "Adam", "groups": [{"lr": 0.001}]}


def network(name="cnn2_functional", criterion="CrossEntropyLoss"):
    compiled = {"optimizer": ADAM, "criterion": {"class_name": criterion, "settings": {}}} if criterion else None
    return CapturedNetwork(
        name="model", class_name="Net", config=DESCRIPTIONS[name], compile=compiled, framework="torch", cell=0
    )


def stopped(message="sizes differ"):
    return CapturedFit(
        network="model",
        epochs=0,
        cell=2,
        inputs={"shape": [3200, 1, 28, 28]},
        targets={"shape": [3200], "dtype": "int64"},
        failure=Failure(name="RuntimeError", message=message),
        loop=CapturedLoop(),
    )


STOPPED = (stopped(),)


def cells(*sources):
    return tuple(NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(sources))


CODE = cells(
    "model = Net()",
    "criterion = nn.BCELoss()\noptimizer = torch.optim.Adam(model.parameters())",
    LOOP.replace("EPOCHS", "5"),
    'plt.plot(history["loss"])',
    'reached = history["val_accuracy"][-1]',
)


def graded(own, *, asked=ALL, fits=STOPPED, wanted=None, runs=None, **failed):
    failure = NetworkFailure(**{"method": "fit", "framework": "torch", "error": "RuntimeError", "cell": 2} | failed)
    states = runs or {2: "error", 4: "error"}
    empty = figure({"lines": [{"label": "", "points": 0, "values": []}]})
    given = context(networks=(own,), cells=CODE, fits=fits, failures=(failure,), figures=(empty,) if fits else ())
    found = tuple(
        CellRun(index=at, status=states.get(at, "ok"), failure=FAILURES.get(at) if at in states else None)
        for at in range(5)
    )
    given = replace(
        given,
        evidence=given.evidence.model_copy(update={"cells": found}),
        expected={
            "model": ExpectedNetwork(
                "model", read_description(wanted or DESCRIPTIONS["cnn2_functional"]), recipe=RECIPE
            )
        },
        questions=tuple(asked),
    )
    verdicts = judge_all(asked, given)
    assert not [one for one in verdicts if one.status == "error"], verdicts
    return {one.id: one for one in verdicts}


FAILURES = {
    1: Failure(name="AttributeError", message="no attribute 'Adamm'", line=2, source="optimizer = torch.optim.Adamm("),
    2: Failure(name="NameError", message="name 'optimizer' is not defined", line=5, source="optimizer.zero_grad()"),
}


def lost(verdicts):
    return {one.id: round(one.points - one.score, 3) for one in verdicts.values() if one.score < one.points}


def test_a_criterion_that_cannot_read_the_labels_costs_its_share_alone():
    verdicts = graded(network(criterion="BCELoss"), loss="BCELoss", target=(64,), output=(64, 10))
    assert lost(verdicts) == {"compile": 2}
    for name in ("loop", "curves", "measured"):
        assert "“Criterion”" in said(verdicts[name])
    assert "The training loop stopped with RuntimeError: sizes differ. That follows" in said(verdicts["loop"])


def test_labels_that_no_criterion_reads_cost_a_share_of_the_loop_alone():
    verdicts = graded(network(), loss="CrossEntropyLoss", target=(64, 1), output=(64, 10))
    assert lost(verdicts) == {"loop": 1}
    assert "“Loop”" in said(verdicts["measured"])


def test_a_network_whose_layers_do_not_fit_costs_its_row_alone():
    layers = question("architecture", id="network", title="The network", points=4, network="model")
    wanted = json.loads(json.dumps(DESCRIPTIONS["wrong_size"]))
    for operation in wanted["operations"]:
        if operation.pop("misfit", None):
            operation["settings"]["in_features"] = 1352
    verdicts = graded(network("wrong_size"), asked=(layers, *ALL), wanted=wanted, layer={"class_name": "Net"})
    assert lost(verdicts).keys() == {"network"}
    assert "“The network”" in said(verdicts["loop"])


def test_a_network_of_the_students_choice_costs_where_its_score_is_asked_for():
    score = question("accuracy", id="score", title="Score", network="model", minimum=0.5)
    verdicts = graded(
        network("wrong_size"), asked=(COMPILE, TRAIN, score, CURVES), layer={"class_name": "Net", "name": ""}
    )
    assert lost(verdicts) == {"score": 2}
    assert "“Score”" in said(verdicts["loop"])


def test_an_optimizer_that_is_not_there_costs_at_its_question_alone():
    verdicts = graded(network(criterion=""), fits=(), runs={1: "error", 2: "error", 3: "error", 4: "error"})
    assert lost(verdicts) == {"compile": 4}
    assert "was not reached" in said(verdicts["loop"])
    assert "The training loop stopped" not in said(verdicts["loop"])


@pytest.mark.parametrize(
    ("sources", "epochs"),
    [
        ((LOOP.replace("EPOCHS", "3"),), 3),
        (("n_epochs = 4", LOOP.replace("EPOCHS", "n_epochs")), 4),
        ((LOOP.replace("EPOCHS", "int(argument)"),), 10_000),
        ((FUNCTION.replace("EPOCHS", "2"), "train(model)"), 2),
        ((FUNCTION.replace("=EPOCHS", ""), "train(model, epochs=6)"), 6),
        ((FUNCTION.replace("=EPOCHS", ""), "train(model, 6)"), 10_000),
        (("for epoch in range(7):\n    one_epoch(model)",), 7),
        (("for at in range(0, 9",), 10_000),
        (("for x, y in loader:\n    criterion(model(x), y).backward()",), 1),
        (("while True:\n    for x, y in loader:\n        criterion(model(x), y).backward()",), 10_000),
    ],
)
def test_the_epochs_of_a_stopped_loop_are_read_in_the_code(sources, epochs):
    given = context(cells=cells(*sources))
    planned = as_planned(given, stopped().model_copy(update={"cell": len(sources) - 1}))
    assert planned.epochs == epochs
    assert (planned.validation is not None) == any("no_grad" in one or "eval()" in one for one in sources)


def test_a_loop_that_was_not_stopped_is_what_it_did():
    whole = stopped().model_copy(update={"failure": None})
    assert as_planned(context(cells=CODE), whole) is whole
