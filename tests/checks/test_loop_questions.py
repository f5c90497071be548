"""Questions about a loop that the student wrote with PyTorch: history, its mistakes, and the saved `state_dict`."""

import json
from pathlib import Path

import pytest
from by_hand import context, file, fit, judged, question

from autograder.checks.base import ExpectedNetwork
from autograder.checks.diagnosis.rules.loop import loop_findings
from autograder.network.torch.reader import read_description
from autograder.records.evidence import CapturedNetwork, NetworkEvent, NetworkRecord, NetworkState
from autograder.records.training_loop import CapturedLoop, SavedTensor

GOOD = {
    "passes": 5,
    "batches": 9,
    "steps": 9,
    "backwards": 9,
    "zero_grads": 9,
    "shuffled": True,
    "batches_per_pass": 938,
}
TENSORS = (SavedTensor(name="0.weight", shape=(10, 784), dtype="float32"), SavedTensor(name="0.bias", shape=(10,)))
MODEL = CapturedNetwork(
    name="model",
    class_name="Net",
    framework="torch",
    own_code=True,
    compile={"optimizer": {"class_name": "Adam", "groups": [{"lr": 0.001}]}},
    cell=1,
    tensors=TENSORS,
)
LISTS = {"loss": (1.0,) * 5, "val_accuracy": (0.5,) * 5}
ASKED = {"network": "model", "epochs": 5, "metrics": ["loss", "accuracy"], "validation": True}


def trained(**changed):
    loop = CapturedLoop(**(GOOD | changed))
    return fit(epochs=loop.passes, history=LISTS, loop=loop, targets={"dtype": "int64"}, record=1)


def asked(*fits, events=(), files=(), about=None, **fields):
    events = tuple(NetworkEvent(kind=kind, cell=cell, **more) for kind, cell, more in events)
    named = NetworkEvent(kind="named", cell=0, name="model", state=0)
    states = (NetworkState(index=0, network=MODEL),)
    record = NetworkRecord(number=1, states=states, events=(named, *events))
    about = about or question("history", **(ASKED | fields))
    evidence = context(fits=fits, networks=[MODEL], files=files, records=[record])
    return judged(about, evidence)


def codes(verdict):
    return [one.message.code for one in verdict.findings]


def test_a_loop_counts_as_a_call_of_fit():
    assert (asked(trained()).status, codes(asked(trained()))) == ("correct", [])
    short = asked(trained(passes=2))
    assert (short.score, codes(short)) == (1.5, ["loop.few_epochs"])
    assert codes(asked()) == ["loop.none"]


def test_mistakes_are_named_without_cost_unless_the_loop_is_asked_for():
    wrong = trained(stale_gradients=8, probabilities=True)
    named = asked(wrong)
    assert (named.score, codes(named)) == (2, ["loop.no_zero_grad", "loop.softmax_twice"])
    charged = asked(wrong, loop=True)
    assert charged.score == pytest.approx(2 * 4 / 5)
    assert set(codes(charged)) == {"loop.no_zero_grad", "loop.softmax_twice"}
    assert asked(trained(), loop=True).score == 2


def test_an_evaluation_in_a_cell_of_its_own_is_judged_too():
    at = ("evaluate", 4, {"detail": "evaluated_in_training mode_matters"})
    assert codes(asked(trained(), events=[at])) == ["loop.no_eval"]
    at = ("evaluate", 4, {"detail": "evaluated_in_training"})  # nothing in the network depends on the mode
    assert codes(asked(trained(), events=[at])) == []


def test_what_the_solution_does_itself_is_no_mistake():
    unshuffled = trained(shuffled=False)
    assert [one.message.code for one in loop_findings([unshuffled], (), trained())] == ["loop.not_shuffled"]
    sliced = trained(shuffled=False, batches=0)
    assert [one.message.code for one in loop_findings([sliced], (), trained())] == ["loop.same_order"]
    assert loop_findings([unshuffled], (), unshuffled) == []
    series = unshuffled.model_copy(update={"targets": {"dtype": "float32"}})
    assert loop_findings([series], (), None) == []


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        (TENSORS, "correct", []),
        (TENSORS[:1], "wrong", ["saved.state_misses"]),
        ((TENSORS[0], SavedTensor(name="0.bias", shape=(11,))), "wrong", ["saved.state_shape"]),
        ((*TENSORS, SavedTensor(name="1.bias", shape=(1,))), "wrong", ["saved.state_more"]),
        (None, "needs_review", ["saved.state_unread"]),
    ],
)
def test_a_state_dict_has_the_names_and_shapes_of_the_network(state, status, code):
    verdict = asked(files=[file("net.pt", state=state)], about=question("saved_model", network="model"))
    assert (verdict.status, codes(verdict)) == (status, code)


def test_a_file_that_was_saved_before_the_loop():
    about = question("saved_model", network="model", trained=True)
    saved, loop = ("save", 2, {"name": "net.pt"}), ("fit", 3, {})
    files = [file("net.pt", state=TENSORS)]
    assert asked(files=files, about=about, events=[loop, saved]).status == "correct"
    assert codes(asked(files=files, about=about, events=[saved, loop])) == ["saved.before_training"]


def test_without_a_network_the_solution_says_whether_a_loop_is_asked_for():
    described = json.loads((Path(__file__).parents[1] / "network" / "torch_descriptions.json").read_text())
    for solution, code in ((read_description(described["old_example"]), "loop.none"), (None, "fit.not_called")):
        expected = {} if solution is None else {"model": ExpectedNetwork("model", solution)}
        verdict = judged(question("history", **ASKED), context().replace(expected=expected))
        assert codes(verdict) == [code]
