"""Five of the 26 faulty programs of the published benchmark, with its configurations and data of our own.

The configurations and repairs are facts from Humbatova et al., An empirical study of fault localisation techniques for
deep neural networks (EMSE 2025; replication package dlfaults/dnn-auto-fl-empirical-assesment, MIT licence). Minimums
are what the repaired program reaches from several random starts, less a margin. `benchmarks/published.py` runs all.
"""

import ast

import numpy as np
import pytest

from autograder.checks.diagnosis.repair_runs import Faulty, search
from autograder.checks.diagnosis.rules import RULES
from autograder.checks.diagnosis.suspects import ASPECTS
from autograder.checks.diagnosis.wording import findings
from autograder.datasets import Declaration, resolve
from autograder.network.compilation import Compilation, Loss
from autograder.records.training import Recipe, TrainingTask
from autograder.train.trainer import Trainer
from benchmarks.published_programs import PROGRAMS, notebook_code
from benchmarks.published_scores import OF_RULES, PARAMETERS, Score, parameters_of, parameters_of_rules, scored


def dense(units, activation, kernel="glorot_uniform", bias="zeros"):
    names = {"glorot_uniform": "GlorotUniform", "normal": "RandomNormal", "zeros": "Zeros", "ones": "Ones"}
    return (
        "Dense",
        {
            "units": units,
            "activation": activation,
            "kernel_initializer": {"class_name": names[kernel], "config": {}},
            "bias_initializer": {"class_name": names[bias], "config": {}},
        },
    )


class Program:
    """A program of the benchmark, and tasks with its configuration, in part or as repaired."""

    def __init__(self, tasks, name, layers, minimum, folder, **config):
        self.tasks, self.layers, self.minimum, self.config = tasks, layers, minimum, config
        self.program = next(one for one in PROGRAMS if one.name == name)
        x, y = self.program.rows()
        np.savez(folder / "data.npz", x_train=x, y_train=y)
        kind = {"target_kind": "values"} if self.program.task == "regression" else {}
        self.source = resolve("own", Declaration(npz="data.npz", **kind), folder)

    def task(self, **repaired):
        c = self.config | repaired
        recipe = Recipe(
            dataset="own",
            source=self.source,
            train=self.program.train,
            validation=self.program.validation,
            epochs=c["epochs"],
            batch_size=c["batch_size"],
            task=self.program.task,
            metric=self.program.metric or None,
            prepare={},
            seconds=60,
        )
        architecture = self.chained(self.layers(c), self.program.shape)
        optimizer = self.tasks.optimizer(c["optimizer"], learning_rate=c["lr"])
        compilation = Compilation(optimizer=optimizer, loss=Loss(name=c["loss"]))
        return TrainingTask(architecture=architecture, compilation=compilation, recipe=recipe, target=self.minimum)

    def chained(self, layers, shape):
        """The network, whose layers with parameters are called l1, l2, …"""
        made = self.tasks.chain(layers, shape)
        order = dict.fromkeys(one.label for one in made.operations if one.label.startswith("dense"))
        names = {label: f"l{number}" for number, label in enumerate(order, 1)}
        operations = tuple(one.model_copy(update={"label": names.get(one.label, one.label)}) for one in made.operations)
        return made.model_copy(update={"operations": operations})


PUBLISHED = {
    "D1": (
        "31880720",
        lambda c: [dense(64, "relu"), dense(64, "relu"), dense(1, c["act3"])],
        0.9,
        {"act3": "softmax", "loss": "binary_crossentropy", "optimizer": "rmsprop", "lr": 0.001, "epochs": 1},
        {"act3": "sigmoid"},
        {"act3"},
    ),
    "D6": (
        "50306988",
        lambda c: [dense(2, "sigmoid"), dense(2, "softmax")],
        0.9,
        {"loss": "categorical_crossentropy", "optimizer": "adam", "lr": 0.001, "epochs": 5},
        {"lr": 0.1},
        {"lr"},
    ),
    "D7": (
        "51181393",
        lambda c: [dense(1, "linear")],
        0.3,
        {"loss": "mean_squared_error", "optimizer": "rmsprop", "lr": 0.001, "epochs": 20},
        {"lr": 0.1},
        {"lr"},
    ),
    "R6": (
        "R6",
        lambda c: [dense(512, "relu", c["ki1"]), ("Dropout", {"rate": 0.5}), dense(46, "softmax")],
        0.6,
        {"ki1": "ones", "loss": "categorical_crossentropy", "optimizer": "adam", "lr": 0.001, "epochs": 3},
        {"ki1": "glorot_uniform"},
        {"ki1"},
    ),
    "R5": (
        "R5",
        lambda c: [dense(512, "relu"), ("Dropout", {"rate": 0.5}), dense(46, "softmax")],
        0.6,
        {"loss": "categorical_crossentropy", "optimizer": "sgd", "lr": 0.001, "epochs": 3},
        {"optimizer": "nadam", "loss": "binary_crossentropy"},
        {"optimizer"},
    ),
}


@pytest.fixture(scope="module")
def trainer():
    with Trainer(workers=1) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("paper", PUBLISHED)
def test_the_published_fault_is_named_by_a_minimal_repair(trainer, tasks, tmp_path, paper):
    name, layers, minimum, config, repair, truth = PUBLISHED[paper]
    made = Program(tasks, name, layers, minimum, tmp_path, batch_size=32, **config)
    case = Faulty(made.task(), made.task(**repair), minimum, margin=0.02, budget=12)
    runs = {}

    def solve(case):
        while isinstance(step := search(case, lambda task: runs.get(task.key)), TrainingTask):
            runs[step.key] = trainer.run(step)
        return step

    found, own = solve(case), runs[case.task.key]
    assert not own.scored_by.reaches(own.score, minimum)
    named = parameters_of(found.cause.suspects, case.task, found.cause.task)
    assert named == truth
    assert scored(named, [truth]) == Score(1.0, 1.0)
    (said,) = findings(case, found, own, named=True, as_trained=False)
    assert "our run with nothing else changed reached" in str(said.message)
    healthy = trainer.run(case.reference)
    assert healthy.scored_by.reaches(healthy.score, minimum)


def test_a_diagnosis_is_scored_against_the_equivalent_repair_that_fits_best():
    assert scored({"loss"}, [{"act2"}, {"loss"}]) == Score(1.0, 1.0)
    assert scored({"loss", "lr"}, [{"act2"}, {"loss"}]) == Score(1.0, 0.5)
    assert scored({"act1"}, [{"act1", "act2"}]) == Score(0.5, 1.0)
    assert scored({"act"}, [{"act1", "act2"}]) == Score(1.0, 1.0)
    assert scored((), [{"loss"}]) == Score(0.0, 0.0)


def test_every_cause_has_a_parameter_of_the_benchmark():
    assert set(OF_RULES) == {rule.name for rule in RULES if rule.cause}
    assert set(PARAMETERS) | {"frozen layers", "another setting of a layer", "connections"} == set(ASPECTS)


def test_a_rule_on_the_output_and_the_loss_adds_nothing_to_the_repair_of_one_of_them():
    assert parameters_of_rules(["no softmax"], (), "act2") == {"act2"}
    assert parameters_of_rules(["no softmax", "too few epochs"], {"loss"}, "act2") == {"epochs"}
    assert parameters_of_rules(["no softmax"], {"lr"}, "act2") == {"act2"}


def test_all_26_programs_are_notebooks_that_name_the_layers_of_their_parameters():
    assert len({one.name for one in PROGRAMS}) == 26
    everything = {
        **{f"{key}{number}": value for number in range(1, 7) for key, value in (("act", "relu"), ("ki", "ones"))},
        **{f"unit{number}": "8" for number in range(1, 5)},
        **{"dropout1": "0.2", "dropout2": "0.2", "layer1": "2", "loss": "hinge", "optimizer": "adam", "lr": "0.1"},
        **{"epochs": "10", "batch_size": "64"},
    }
    for program in PROGRAMS:
        code = "\n".join(notebook_code(program, everything))
        ast.parse(code)
        assert 'name="l1"' in code
