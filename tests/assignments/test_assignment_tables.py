"""Every summary table that is stored is the reference solution's, and the documents' figures are in it."""

import json
import re

import pytest
from changes import NAMES, ROOT, WITH_CLASS, answer_key, assignment, judge

from autograder.checks.score import ScoreQuestion
from autograder.network.measure import totals
from autograder.network.covering import disagreements
from autograder.network.table import TableError, parse_table

# Total, trainable and non-trainable parameters, as the course documents print them; those of our own exercises are
# computed by hand in the solutions.
PRINTED = {
    ("cnn1", "model"): (251_210, 251_210, 0),
    ("cnn2", "model"): (695_970, 695_186, 784),
    ("cnn2-torch", "model"): (695_970, 695_186, 784),
    ("fcn", "model"): (420_260, 419_160, 1_100),
    ("onions", "model"): (36_138, 36_138, 0),
    ("onions", "base_model"): (47_370, 47_370, 0),
    ("advanced-layers", "dense_check"): (307_300, 307_300, 0),
    ("advanced-layers", "conv_check"): (2_700, 2_700, 0),
    ("advanced-layers", "model_small"): (415_960, 415_960, 0),
    ("advanced-layers", "model_pool"): (114_510, 114_510, 0),
    ("advanced-layers", "dense_model"): (156_710, 156_710, 0),
    ("advanced-layers", "model_deep"): (87_060, 87_060, 0),
    ("advanced-layers", "model_dropout"): (87_060, 87_060, 0),
    ("fashion-conv", "model"): (243_786, 243_786, 0),
    ("mnist-dense-conv", "dense_model"): (101_770, 101_770, 0),
    ("mnist-dense-conv", "cnn_model"): (515_146, 515_146, 0),
    # By hand: in the comments of the solution.
    ("transfer", "model"): (7_365, 2_565, 4_800),
    ("transfer", "tuned"): (7_365, 7_205, 160),
    ("diabetes", "model"): (321, 321, 0),
    ("diabetes", "wide_model"): (18_049, 18_049, 0),
    ("wine", "model"): (275, 275, 0),
    ("reviews", "bag_model"): (409, 409, 0),
    ("reviews", "model"): (2_017, 2_017, 0),
    ("series", "model"): (929, 929, 0),
    ("series", "conv_model"): (257, 257, 0),
    ("autoencoder", "model"): (3_185, 3_185, 0),
    ("autoencoder", "narrow_model"): (2_795, 2_795, 0),
}
# Networks that no document prints a table of: the onions' own for grey images, those that notebooks give, and the one
# that students choose themselves.
UNPRINTED = {("onions", "grey_model"), ("onions", "base_model"), ("transfer", "base"), ("loop-torch", "model")}
NETWORKS = [(name, network) for name in NAMES for network in assignment(name).networks]
# Tables of older versions of Keras have no row for the input.
FENCED = re.compile(r"```text\n(.*?)```", re.S)


def without_input(rows):
    return [row for row in rows if row.kind != "Input"]


def shown(row):
    return row.kind, row.shape, row.parameters


def test_every_network_with_a_printed_total_is_known():
    assert set(NETWORKS) - UNPRINTED <= set(PRINTED)


@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_the_reference_solution_has_the_printed_totals(name, network):
    if (name, network) in PRINTED:
        found = totals(answer_key(name).expected[network].architecture)
        assert (found.total, found.trainable, found.non_trainable) == PRINTED[name, network]


@pytest.mark.parametrize("file", sorted((ROOT / "assignments").glob("*/*.summary.txt")), ids=lambda file: file.name)
def test_every_stored_table_is_used_and_is_the_reference_solutions(file):
    name = file.parent.name
    users = [network for network, spec in assignment(name).networks.items() if spec.table_file == file]
    assert users
    for network in users:
        table = parse_table(file.read_text(encoding="utf-8"))
        assert not disagreements(table, answer_key(name).expected[network].architecture)
        assert table.total == PRINTED[name, network][0]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_in_a_notebook_is_a_stored_one(name):
    stored = [without_input(spec.table.rows) for spec in assignment(name).networks.values() if spec.table is not None]
    notebook = json.loads(assignment(name).notebook_path.read_text(encoding="utf-8"))
    texts = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    for printed in (block for text in texts for block in FENCED.findall(text) if "Layer (type)" in block):
        try:
            rows = without_input(parse_table(printed).rows)
        except TableError as problem:
            pytest.fail(str(problem))
        assert any(list(map(shown, rows)) == list(map(shown, known)) for known in stored), printed


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITH_CLASS])
def test_the_solution_earns_everything_but_the_written_points(name):
    lost = {
        question: [str(finding.message) for finding in verdict.findings]
        for question, verdict in judge(name).items()
        if (verdict.status, verdict.score) != ("correct", verdict.points)
    }
    written = {question.id for question in assignment(name).questions if question.kind == "written"}
    assert set(lost) == written, lost


@pytest.mark.parametrize("name", NAMES)
def test_every_threshold_was_computed_for_the_network_and_the_recipe_over_twenty_seeds(name):
    assert not answer_key(name).stale_thresholds()
    calibrated = {question.id: question for question in assignment(name).questions if question.needs_calibration}
    # `question:framework` for notebooks of another framework than the solution's.
    both = {f"{question}:{'keras' if 'torch' in name else 'torch'}" for question in calibrated}
    assert set(answer_key(name).reference.thresholds) == set(calibrated) | (both if "cnn2" in name else set())
    assert calibrated or name == "houses-open"
    for question, threshold in answer_key(name).reference.thresholds.items():
        metric = assignment(name).networks[calibrated[question.split(":")[0]].network].recipe.scored_by
        assert len(threshold.seeds) >= 20
        assert all(metric.lead(score, threshold.minimum) > 0 for score in threshold.accuracies)
