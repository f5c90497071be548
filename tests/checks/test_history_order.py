"""The order of what happened to a network: sweeps, figures, saved files, and the handout's cell below one's own."""

import json

import pytest
from by_hand import FASHION, context, dense, figure, file, fit, judged, network, question, said, sequential

from autograder.checks.base import NotebookCell, bare_code
from autograder.checks.student_network import find_network
from autograder.records.evidence import NetworkEvent, NetworkRecord, NetworkState

RIGHT = network(*FASHION)
LOSSES = question("array", answer="q", length=5, minimum=0.3, maximum=10, measured=True, networks_trained=5)


def record(number, own=RIGHT, *events, name="model", cell=1):
    """A network's life: built and named in `cell`, then the `events` (kind and, for files, name)."""
    lived = [NetworkEvent(kind="built", cell=cell), NetworkEvent(kind="named", name=name, cell=cell)]
    for kind, *named in events:
        lived.append(NetworkEvent(kind=kind, cell=cell, state=0, name=named[0] if named else ""))
    state = NetworkState(index=0, network=own.model_copy(update={"name": name, "cell": cell}))
    return NetworkRecord(number=number, states=(state,), events=tuple(lived))


def trained(*numbers, name="network", cell=5):
    return tuple(fit(name, record=number, cell=cell) for number in numbers)


def sweep(fits, answer=(1.4, 1.3, 1.2, 1.25, 1.5), records=(), **more):
    records = records or (record(1, RIGHT, ("fit",)),)
    given = context(
        answer=list(answer), networks=(RIGHT,), expected={"model": RIGHT}, fits=fits, records=records, **more
    )
    return judged(LOSSES, given)


OWN = trained(1, name="model", cell=2)


def test_a_sweep_of_new_networks_earns_its_points():
    assert sweep((*OWN, *trained(2, 3, 4, 5, 6))).score == 2
    # One of them may be the network that is asked for itself.
    assert sweep(trained(1, 2, 3, 4, 5)).score == 2


@pytest.mark.parametrize(
    ("fits", "code"),
    [
        ((), "array.nothing_trained"),
        (OWN, "array.nothing_trained"),
        ((*OWN, *trained(2, 2, 2, 2, 2)), "array.weights_kept"),
        (trained(1, 1, 1, 1, 1, 1), "array.weights_kept"),
        ((*OWN, *trained(2, 3)), "array.few_trained"),
    ],
)
def test_a_sweep_that_was_typed_or_goes_on_from_old_weights_hears_why(fits, code):
    verdict = sweep(fits)
    assert (verdict.status, verdict.score, verdict.findings[-1].code) == ("wrong", 0, code)


def test_where_the_trainings_are_not_known_nothing_is_held_against_anybody():
    assert sweep(trained(None)).score == 2
    assert sweep((), cells=(NotebookCell(index=0, kind="code", source="network.train_on_batch(x, y)"),)).score == 2
    assert sweep(trained(2, 2, 2, 2, 2), records_dropped=3).score == 2


CURVES = {"accuracy": (0.5, 0.6, 0.7), "val_accuracy": (0.4, 0.5, 0.55)}
DRAWN = figure({"lines": [{"label": label, "points": 3, "values": list(CURVES[label])} for label in CURVES]})
ASKED = question("figure", network="model")


def drawn(*fits, records, figures=(DRAWN,), **more):
    given = context(networks=(RIGHT,), expected={"model": RIGHT}, fits=fits, figures=figures, records=records, **more)
    return judged(ASKED, given)


def test_the_curves_belong_to_the_network_whatever_its_names():
    alias = fit("model_deep", record=1, epochs=3, history=CURVES)
    inside = fit("", record=1, epochs=3, history=CURVES)
    for one in (alias, inside):
        assert drawn(one, records=(record(1, RIGHT, ("fit",)),)).score == 2
    other = fit("model", record=2, epochs=3, history=CURVES)
    own = fit("model", record=1, epochs=3, history={"accuracy": (0.1, 0.1, 0.1)})
    wrong = network(dense(3), name="model")
    found = drawn(own, other, records=(record(1, RIGHT, ("fit",)), record(2, wrong, ("fit",))))
    assert (found.score, found.findings[0].code) == (0, "figure.unnamed_network")


def test_curves_of_a_network_that_was_never_trained_are_not_those_of_its_training():
    found = drawn(records=(record(1, RIGHT, ("compile",)),))
    assert (found.score, found.findings[0].code) == (0, "figure.not_trained")


def test_nothing_is_said_of_a_figure_that_the_handout_draws():
    code = "plt.plot(images[0][3])"
    cells = tuple(NotebookCell(index=at, kind="code", source=text) for at, text in enumerate([code, "model.fit(x)"]))
    shown = figure({"lines": [{"label": "", "points": 3, "values": [1, 2, 3]}]}, cell=0)
    given = context(
        networks=(RIGHT,),
        expected={"model": RIGHT},
        figures=(shown,),
        fits=(fit(record=1, epochs=3),),
        records=(record(1, RIGHT, ("fit",)),),
        cells=cells,
    )
    assert judged(ASKED, given).findings[0].code == "figure.one_line_of_both"
    given = given.replace(handout_code=frozenset({code}))
    assert (judged(ASKED, given).status, judged(ASKED, given).findings[0].code) == ("not_reached", "figure.none")


@pytest.mark.parametrize(
    ("events", "history", "score"),
    [
        ((("fit",), ("save", "a.keras")), False, 2),
        ((("save", "a.keras"), ("fit",)), False, 0),
        ((("save", "a.keras"),), False, 0),
        # That it was never trained costs points where it is asked for.
        ((("save", "a.keras"),), True, 2),
        ((("save", "a.keras"), ("fit",)), True, 0),
    ],
)
def test_a_network_is_saved_after_its_training(events, history, score):
    asked = question("saved_model", network="model", trained=True)
    saved = file("a.keras", config=json.dumps({"class_name": "Sequential", "config": sequential(*FASHION)}))
    given = context(networks=(RIGHT,), expected={"model": RIGHT}, files=(saved,), records=(record(1, RIGHT, *events),))
    if history:
        given = given.replace(questions=(question("history", id="h", network="model", epochs=1), asked))
    verdict = judged(asked, given)
    assert verdict.score == score, said(verdict)


SOLVED, TEMPLATE = "model = Sequential()\nmodel.add(a)\nmodel.add(b)", "model = Sequential()\n# here\nmodel.add(a)\n"


def two_cells(first, second):
    own, given = network(*FASHION), network(*FASHION[:2], *FASHION[4:])
    records = (record(1, own, cell=0), record(2, given, ("compile",), ("fit",), cell=1))
    cells = tuple(NotebookCell(index=at, kind="code", source=text) for at, text in enumerate([first, second]))
    return context(networks=(given,), expected={"model": RIGHT}, records=records, cells=cells).replace(
        handout_code=frozenset({bare_code(TEMPLATE)})
    )


def test_the_handouts_cell_below_the_solved_one_does_not_replace_it():
    student = find_network(two_cells(SOLVED, TEMPLATE), "model")
    assert student.record is not None
    assert student.record.number == 1
    assert [one.code for one in student.notes] == ["network.replaced_later"]


@pytest.mark.parametrize("cells", [(SOLVED, SOLVED + "\nmodel.add(c)"), (TEMPLATE, TEMPLATE)])
def test_a_network_that_was_never_used_does_not_count_where_the_student_replaced_it(cells):
    student = find_network(two_cells(*cells), "model")
    assert student.record is not None
    assert student.record.number == 2
