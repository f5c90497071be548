"""What is said of a missed score: where a run has shown the cause, that comes first, and nothing leads elsewhere."""

from dataclasses import replace

from by_hand import FASHION, context, dense, network, question

from autograder.checks.judging import judge_all, tasks_needed, with_explanations
from autograder.records.training import TrainingRun
from autograder.records.training_outcomes import LayerSignal

COMPILED = {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
ZEROS = {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": None}
FLAT = dense(128, "relu")
FLAT["config"]["kernel_initializer"] = ZEROS
OWN = network(*FASHION[:-2], FLAT, FASHION[-1], compiled=COMPILED)
ASKED = question("accuracy", network="model", minimum=0.8, points=3)


def ran(task):
    """Stands for a run: with weights that are all zero a network learns nothing, and its units are dead; without a
    softmax it learns as little."""
    zeros = any("Zeros" in str(one.settings.get("kernel_initializer")) for one in task.architecture.operations)
    zeros |= task.architecture.operations[-1].settings.get("activation") != "softmax"
    dense_relu = next(at for at, one in enumerate(task.architecture.operations) if one.kind == "Dense") + 1
    return TrainingRun(
        key=task.key,
        outcome="trained",
        training_accuracy=(0.1 if zeros else 0.9,),
        validation_accuracy=(0.1 if zeros else 0.9,),
        training_loss=(2.3 if zeros else 0.3,),
        validation_loss=(2.3 if zeros else 0.3,),
        signals=(LayerSignal(operation=dense_relu, dead=0.95),) if zeros else (),
    )


def judged(explain, own=OWN):
    given = context(networks=(own,), expected={"model": network(*FASHION, compiled=COMPILED)})
    given = replace(given, questions=(ASKED,))
    runs = {}
    while tasks := tasks_needed([ASKED], replace(given, runs=runs)):
        runs |= {task.key: ran(task) for task in tasks}
    (verdict,) = judge_all([ASKED], with_explanations(replace(given, runs=runs), explain))
    return {one.code: one for one in verdict.findings}


def test_a_cause_that_a_run_has_shown_leaves_no_other_hint_and_no_symptom():
    said = judged(ran)
    assert [code for code in said if code.startswith("accuracy.")]
    assert not any(one.hint for code, one in said.items() if code.startswith("accuracy."))
    (cause,) = [one for code, one in said.items() if code.startswith("cause.")]
    assert "other initial weights" in str(cause.message)
    assert cause.hint


def test_without_such_a_run_the_symptoms_and_a_general_hint_are_said():
    said = judged(lambda task: None)
    assert any(one.hint for code, one in said.items() if code.startswith("accuracy."))
    assert [one for one in said.values() if "ReLU" in str(one.message)]


def test_what_a_run_has_shown_is_not_said_a_second_time_by_a_rule():
    linear = network(*FASHION[:-1], dense(10), compiled=COMPILED)
    assert [code for code in judged(ran, linear) if code.startswith("cause.")] == ["cause.one_change"]
    assert "cause.no_softmax" in judged(lambda task: None, linear)
