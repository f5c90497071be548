"""cnn2 in PyTorch: twenty right ways to write it earn all points, twenty mistakes each lose one and are named."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from changes import assignment
from torch_ways import RIGHT, WRONG, applied

from autograder.checks.base import Context, ExpectedNetwork
from autograder.checks.judging import judge_all
from autograder.checks.read_network import architecture_of
from autograder.network.measure import totals
from autograder.records.evidence import CapturedNetwork, Evidence

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed (make torch)")
ADAM = {"class_name": "Adam", "groups": [{"lr": 0.001}]}
COMPILED = {"optimizer": ADAM, "criterion": {"class_name": "CrossEntropyLoss", "settings": {}}}


def _network_cell():
    cells = json.loads(assignment("cnn2-torch").solution.read_text(encoding="utf-8"))["cells"]
    return next("".join(cell["source"]) for cell in cells if cell["id"] == "network")


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    source = _network_cell()
    sources = {name: applied(edits, source) for name, edits in RIGHT.items()}
    sources |= {name: applied(mutant.edits, source) for name, mutant in WRONG.items()}
    (folder / "sources.json").write_text(json.dumps(sources))
    script = str(Path(__file__).with_name("describe_torch_cells.py"))
    files = str(folder / "sources.json"), str(folder / "out.json")
    subprocess.run([sys.executable, script, *files], check=True, timeout=300)
    return json.loads((folder / "out.json").read_text())


@pytest.fixture(scope="module")
def verdicts(described):
    """The verdicts of one way to write it, by question."""
    given = assignment("cnn2-torch")
    questions = [one for one in given.questions if one.kind in ("architecture", "parameters")]
    solution = architecture_of(_captured(described["solution"]))
    expected = ExpectedNetwork("model", solution, given.networks["model"].table)

    def judge(name):
        criterion = {"class_name": "NLLLoss", "settings": {}} if name == "log-softmax" else COMPILED["criterion"]
        captured = _captured(described[name]).model_copy(
            update={"compile": {"optimizer": ADAM, "criterion": criterion}}
        )
        evidence = Evidence(key="k", cells=(), isolation="none", versions={}, networks=(captured,))
        context = Context(evidence=evidence, expected={"model": expected}, questions=tuple(questions))
        return {verdict.id: verdict for verdict in judge_all(questions, replace(context))}

    return judge


def _captured(config):
    assert "problem" not in config, config.get("detail")
    return CapturedNetwork(name="model", class_name="Net", config=config, compile=COMPILED, framework="torch", cell=0)


def test_the_numbers_are_those_of_the_course(described):
    network = architecture_of(_captured(described["solution"]))
    assert (totals(network).total, totals(network).trainable) == (695_970, 695_186)
    assert described["solution"]["parameters"] == 695_186
    assert totals(architecture_of(_captured(described["nothing-written"]))).total == 2_540_386


def test_there_are_twenty_of_each():
    assert (len(RIGHT), len(WRONG)) == (20, 20)


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_a_right_way_earns_all_points(verdicts, name):
    found = verdicts(name)
    assert found["missing_layers"].score == 5, found["missing_layers"].findings
    assert found["parameters"].score == 1, found["parameters"].findings


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_mistake_costs_its_row_and_is_named(verdicts, name):
    verdict = verdicts(name)["missing_layers"]
    sentences = " ".join(str(one.message) for one in verdict.findings)
    assert WRONG[name].words in sentences
    assert verdict.score == WRONG[name].most, verdict.findings
    assert "Conv2D" not in sentences
