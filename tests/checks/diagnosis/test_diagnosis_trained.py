"""The whole way with real digits and real runs: a fault is seeded, the accuracy is missed, its cause is named."""

import pytest

from autograder.checks.diagnosis.repair_runs import Faulty, search
from autograder.checks.diagnosis.rules import RULES, Facts
from autograder.checks.diagnosis.wording import findings
from autograder.records.training import TrainingTask
from autograder.train.trainer import Trainer

pytestmark = pytest.mark.slow
MINIMUM = 0.7


@pytest.fixture(scope="module")
def trainer():
    with Trainer(workers=1) as made:
        yield made


def solve(trainer, case):
    runs = {}
    while isinstance(step := search(case, lambda task: runs.get(task.key)), TrainingTask):
        runs[step.key] = trainer.run(step)
    return step, runs[case.task.key]


@pytest.mark.parametrize("aspect", ["learning rate", "last activation"])
def test_the_seeded_fault_is_named_with_the_accuracy_that_a_run_reached(trainer, tasks, aspect):
    student = {
        "learning rate": tasks(optimizer=tasks.optimizer(learning_rate=3.0)),
        "last activation": tasks(tasks.changed(5, activation="relu")),
    }[aspect].model_copy(update={"target": MINIMUM})
    case = Faulty(student, tasks(), minimum=MINIMUM, margin=0.02, budget=6)
    found, own = solve(trainer, case)
    assert own.score < MINIMUM
    assert [one.aspect for one in found.cause.suspects] == [aspect]
    (said,) = findings(case, found, own, named=True, as_trained=False)
    assert f"changed reached {found.cause.run.score:.3f}" in str(said.message)
    assert found.cause.run.score >= MINIMUM


def rules_of(trainer, task):
    facts = Facts(
        architecture=task.architecture,
        compilation=task.compilation,
        recipe=task.recipe,
        minimum=0.99,
        run=trainer.run(task),
    )
    return {rule.name for rule in RULES if rule.find(facts) is not None}


def test_dead_relus_are_seen_inside_the_trained_network(trainer, tasks):
    negative = {"class_name": "Constant", "config": {"value": -50.0}}
    dead = tasks(tasks.changed(3, bias_initializer=negative), epochs=1)
    assert "dead ReLUs" in rules_of(trainer, dead)
    assert "dead ReLUs" not in rules_of(trainer, tasks(epochs=1))


def test_vanishing_gradients_are_seen_inside_the_trained_network(trainer, tasks):
    deep = [("Flatten", {}), *[("Dense", {"units": 10, "activation": "sigmoid"})] * 12, tasks.layers[5]]
    vanishing = tasks(deep, optimizer=tasks.optimizer("sgd", learning_rate=1e-4), epochs=1)
    assert "vanishing gradients" in rules_of(trainer, vanishing)
    assert "vanishing gradients" not in rules_of(trainer, tasks(epochs=1))


def test_a_run_that_reaches_its_target_measures_nothing_more(trainer, tasks):
    assert trainer.run(tasks().model_copy(update={"target": 0.3})).signals == ()
