"""A mistake that stops `fit` costs points where it was made; what it kept from being reached keeps its points."""

from dataclasses import replace

import pytest
from by_hand import FASHION, context, dense, figure, fit, layer, network, question, said

from autograder.checks.base import NotebookCell, bare_code
from autograder.checks.judging import judge_all
from autograder.records.evidence import CellRun, Failure, NetworkEvent, NetworkRecord, NetworkState
from autograder.records.network_failure import NetworkFailure

COMPILED = {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
SPARSE = COMPILED | {"loss": "sparse_categorical_crossentropy"}
NETWORK = question("architecture", id="network", title="The network", points=4, network="model")
COMPILE = question("compiled", id="compile", title="Compiling", points=3, network="model", metrics=["accuracy"])
COMPILE = COMPILE.model_copy(update={"optimizer": ("adam",), "loss": ("categorical_crossentropy",)})
EPOCHS = question("history", id="epochs", network="model", epochs=5, metrics=["accuracy"], validation=True, points=3)
CURVES = question("figure", id="curves", network="model", quantity="accuracy")
MEASURED = question(
    "number", id="measured", title="Read off", answer="reached", minimum=0.5, maximum=1, fraction=True, measured=True
)
ALL = (NETWORK, COMPILE, EPOCHS, CURVES, MEASURED)
CODE = (
    "model = keras.Sequential()",
    "model.compile()",
    "history = model.fit(X, Y)",
    'plt.plot(history.history["accuracy"])',
    'reached = history.history["val_accuracy"][-1]',
)
ONE_HOT, WHOLE = {"shape": [500, 10]}, {"shape": [500]}
IMAGES = {"shape": [500, 28, 28, 1]}


def graded(own, *, targets=ONE_HOT, loss="sparse_categorical_crossentropy", asked=ALL, code=CODE, **noted):
    """The verdicts where `fit` in the third cell stopped, and with it the cells that need its result."""
    stopped = fit(
        epochs=5,
        inputs=IMAGES,
        targets=targets,
        validation={"shape": [100]},
        failure=Failure(name="ValueError", message="the shapes differ"),
    )
    failure = NetworkFailure(**{"method": "fit", "error": "ValueError", "cell": 2, "loss": loss} | noted)
    given = context(
        networks=(own,),
        expected={"model": network(*FASHION)},
        cells=tuple(NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(code)),
        failed=(2, 3, 4),
        fits=(stopped,),
        failures=(failure,),
    )
    verdicts = judge_all(asked, replace(given, questions=tuple(asked)))
    assert not [one for one in verdicts if one.status == "error"], verdicts
    return {one.id: one for one in verdicts}


def lost(verdicts):
    return {one.id: round(one.points - one.score, 3) for one in verdicts.values() if one.score < one.points}


def test_a_loss_that_does_not_fit_the_labels_costs_its_share_alone():
    verdicts = graded(network(*FASHION, compiled=SPARSE))
    assert lost(verdicts) == {"compile": 1}
    for name in ("epochs", "curves", "measured"):
        assert "“Compiling”" in said(verdicts[name])
    assert "`fit` stopped with ValueError" in said(verdicts["epochs"])


def test_a_loss_that_cannot_be_read_costs_its_share_alone():
    assert lost(graded(network(*FASHION, compiled=COMPILED | {"loss": "crossentropie"}), loss="")) == {"compile": 1}


@pytest.mark.parametrize("last", [dense(9, "softmax"), dense(1, "softmax")])
def test_a_last_layer_of_another_size_costs_its_row_alone(last):
    own = network(*FASHION[:-1], last, compiled=COMPILED)
    assert set(lost(graded(own, loss="categorical_crossentropy"))) == {"network"}
    by_value = {"loss": "", "error": "InvalidArgumentError"}
    assert set(lost(graded(network(*FASHION[:-1], last, compiled=SPARSE), targets=WHOLE, **by_value))) == {"network"}


def test_where_no_question_asks_for_the_loss_the_first_one_is_charged():
    verdicts = graded(network(*FASHION, compiled=SPARSE), asked=(NETWORK, EPOCHS, CURVES, MEASURED))
    assert lost(verdicts) == {"epochs": 1}
    verdicts = graded(network(*FASHION, compiled=SPARSE), asked=(NETWORK, CURVES, MEASURED))
    assert lost(verdicts) == {"curves": 2}
    assert "`fit` stopped with" in said(verdicts["curves"])


@pytest.mark.parametrize(
    "changes",
    [
        # The labels fit neither loss.
        {"targets": {"shape": [500, 7]}},
        # The images do not fit the network.
        {"targets": WHOLE, "loss": "", "layer": {"class_name": "Sequential", "name": "sequential"}},
    ],
)
def test_another_cause_costs_what_it_costs(changes):
    # The question about the epochs names what stopped `fit`, so it is charged there.
    assert set(lost(graded(network(*FASHION, compiled=SPARSE), **changes))) - {"compile"} == {"epochs"}


def test_nothing_is_kept_where_the_cells_do_not_answer():
    code = (*CODE[:3], "print(history)", "print(history)")
    assert set(lost(graded(network(*FASHION, compiled=SPARSE), code=code))) == {"compile", "curves", "measured"}


def test_a_network_that_is_less_than_half_right_keeps_nothing():
    own = network(layer("Flatten"), dense(10), compiled=SPARSE)
    assert set(lost(graded(own))) == {one.id for one in ALL}


def test_the_author_turns_it_off():
    off = [one.model_copy(update={"follow_through": False}) for one in (EPOCHS, CURVES, MEASURED)]
    verdicts = graded(network(*FASHION, compiled=SPARSE), asked=(NETWORK, COMPILE, *off))
    assert lost(verdicts) == {"compile": 1, "epochs": 1, "curves": 2, "measured": 2}


def test_compile_that_failed_costs_its_points_alone_but_not_in_the_handout():
    own = network(*FASHION)
    assert lost(graded(own, loss="")) == {"compile": 3}
    handout = frozenset({bare_code(CODE[2])})
    given = context(
        networks=(own,),
        expected={"model": network(*FASHION)},
        cells=tuple(NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(CODE)),
        failed=(2, 3, 4),
        fits=(fit(epochs=5, failure=Failure(name="ValueError", message="call compile")),),
    )
    verdicts = judge_all(ALL, replace(given, questions=ALL, handout_code=handout))
    assert set(lost({one.id: one for one in verdicts})) == {"compile", "epochs", "curves", "measured"}


@pytest.mark.parametrize(("asked", "kept"), [(ALL, True), ((NETWORK, EPOCHS, CURVES), False)])
def test_a_metric_that_was_not_compiled_costs_its_share_once(asked, kept):
    own = network(*FASHION, compiled=COMPILED | {"metrics": None})
    given = context(
        networks=(own,),
        expected={"model": network(*FASHION)},
        cells=tuple(NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(CODE)),
        fits=(fit(epochs=5, history={"loss": (1.0,) * 5, "val_loss": (1.0,) * 5}, validation={"split": 0.1}),),
    )
    runs = tuple(CellRun(index=at, status="error" if at > 2 else "ok") for at in range(5))
    evidence = given.evidence.model_copy(update={"cells": runs})
    verdicts = judge_all(asked, replace(given, evidence=evidence, questions=asked))
    assert lost({one.id: one for one in verdicts}) == ({"compile": 1} if kept else {"epochs": 1, "curves": 2})


def test_what_was_drawn_is_judged():
    drawn = figure({"lines": [{"label": "accuracy", "points": 5}, {"label": "val_loss", "points": 5}]})
    own = network(*FASHION, compiled=COMPILED)
    given = context(networks=(own,), expected={"model": network(*FASHION)}, fits=(fit(epochs=5),), figures=(drawn,))
    (verdict,) = judge_all([CURVES], replace(given, questions=(CURVES,)))
    assert verdict.score


BOTH = (CODE[0], "model.compile(optimizer='adm')\nhistory = model.fit(X, Y, {})", "pass", *CODE[3:])


@pytest.mark.parametrize(
    ("arguments", "epochs"),
    [
        ("epochs=5, validation_data=(A, B)", 0),
        ("epochs=EPOCHS, validation_split=0.1", 0),
        ("epochs=2, validation_split=0.1", 1),
        ("epochs=5", 1),
    ],
)
def test_a_fit_that_was_not_reached_because_compile_stopped_is_read_in_the_code(arguments, epochs):
    code = tuple(one.format(arguments) for one in BOTH)
    given = context(
        networks=(network(*FASHION),),
        expected={"model": network(*FASHION)},
        cells=tuple(NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(code)),
        failed=(1, 3, 4),
        failures=(NetworkFailure(method="compile", error="ValueError", cell=1),),
    )
    found = lost({one.id: one for one in judge_all(ALL, replace(given, questions=ALL))})
    assert found == {"compile": 3} | ({"epochs": epochs} if epochs else {})
    handout = frozenset({bare_code(code[1])})
    untouched = judge_all(ALL, replace(given, questions=ALL, handout_code=handout))
    assert sum(one.score for one in untouched) == NETWORK.points


def test_a_metric_that_keras_does_not_know_costs_its_share_alone():
    own = network(*FASHION, compiled=COMPILED | {"metrics": ["acuracy"]})
    assert lost(graded(own, loss="")) == {"compile": 1}
    # What stops `fit` with a metric that is known, such as a callback, is charged where it is named.
    assert lost(graded(network(*FASHION, compiled=COMPILED), loss="")) == {"epochs": 1}


@pytest.mark.parametrize("compiled", [SPARSE, COMPILED | {"metrics": None}])
def test_a_compile_that_the_handout_gives_keeps_no_points(compiled):
    own = network(*FASHION, compiled=compiled)
    events = [NetworkEvent(kind="named", name="model", cell=0), NetworkEvent(kind="compile", cell=1, state=0)]
    record = NetworkRecord(number=1, states=(NetworkState(index=0, network=own),), events=tuple(events))
    words = Failure(name="ValueError", message="the shapes differ")
    stopped = fit(epochs=5, record=1, inputs=IMAGES, targets=ONE_HOT, validation={}, failure=words)
    trained = fit(epochs=5, record=1, history={"loss": (1.0,) * 5}, validation={})
    given = context(
        networks=(own,),
        expected={"model": network(*FASHION)},
        cells=tuple(NotebookCell(index=at, kind="code", source=source) for at, source in enumerate(CODE)),
        failed=(2, 3, 4),
        records=(record,),
        fits=(stopped if compiled is SPARSE else trained,),
        failures=(NetworkFailure(method="fit", error="ValueError", cell=2, loss="sparse"),),
    )
    for handout, kept in ((frozenset(), True), (frozenset({bare_code(CODE[1]), bare_code(CODE[2])}), False)):
        found = judge_all(ALL, replace(given, questions=ALL, handout_code=handout))
        lossless = {one.id for one in found if one.score == one.points}
        assert (lossless == {"network", "epochs", "curves", "measured"}) is kept, lossless
