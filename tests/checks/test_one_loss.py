"""A mistake that several questions see costs points once, where its root is."""

from dataclasses import replace

import pytest
from by_hand import FASHION, context, conv, dense, layer, network, pool, question, said

from autograder.checks.judging import judge_all, tasks_needed
from autograder.network.architecture import Architecture
from autograder.records.training import TrainingRun

COMPILED = {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
NETWORK = question("architecture", id="network", title="The network", points=4)
PARAMETERS = question("parameters", id="parameters", title="The counts")
COMPILE = question(
    "compiled", id="compile", title="Compiling", points=3, network="model", optimizer="adam", metrics=["accuracy"]
)
COMPILE = COMPILE.model_copy(update={"loss": ("categorical_crossentropy",)})
DEPENDS = {"question": "network", "share": 0.5}
ACCURACY = question("accuracy", id="accuracy", title="The accuracy", network="model", minimum=0.8, depends=DEPENDS)
ALL = (NETWORK, PARAMETERS, COMPILE, ACCURACY)
WIDE = layer("Conv2D", filters=64, kernel_size=[3, 3], activation="relu", padding="same")
RIGHT = network(*FASHION, compiled=COMPILED)
TEMPLATE = network(layer("Flatten"), dense(10), compiled=COMPILED)


def learns(task):
    """Stands for the run of a network: only one with a softmax, and not with sgd, learns."""
    last: Architecture = task.architecture
    softmax = last.operations[last.outputs[0]].settings.get("activation") == "softmax"
    return 0.9 if softmax and task.optimizer.name == "adam" else 0.1


def graded(own, *asked, expected=RIGHT, reached=learns):
    """The verdicts by id, and the tasks of the runs that were made."""
    given = context(networks=(own,), expected={"model": expected})
    given = replace(given, questions=asked)
    runs, made = {}, []
    while tasks := tasks_needed(asked, replace(given, runs=runs)):
        made += tasks
        for task in tasks:
            run = TrainingRun(
                key=task.key, outcome="trained", validation_accuracy=(reached(task),), training_accuracy=(0.9,)
            )
            runs[task.key] = run
    verdicts = judge_all(asked, replace(given, runs=runs))
    assert not [one for one in verdicts if one.status == "error"], verdicts
    return {one.id: one for one in verdicts}, made


def lost(verdicts):
    return {one.id: round(one.points - one.score, 3) for one in verdicts.values() if one.score < one.points}


def test_a_right_network_loses_nothing_and_needs_one_run():
    verdicts, made = graded(RIGHT, *ALL)
    assert lost(verdicts) == {}
    assert len(made) == 1


def test_no_softmax_costs_its_row_alone():
    verdicts, made = graded(network(*FASHION[:-1], dense(10), compiled=COMPILED), *ALL)
    assert set(lost(verdicts)) == {"network"}
    assert "“The network”" in said(verdicts["compile"])
    assert "raw values" in said(verdicts["compile"])
    assert "With the mistakes repaired that have cost points at “The network”" in said(verdicts["accuracy"])
    repaired = [task for task in made if learns(task) > 0.5]
    assert len(repaired) == 1


def test_the_other_padding_everywhere_costs_its_rows_alone():
    own = network(WIDE, pool(), WIDE, *FASHION[3:], compiled=COMPILED)
    verdicts, _ = graded(own, *ALL)
    assert set(lost(verdicts)) == {"network"}
    assert "this has cost points at “The network”" in said(verdicts["parameters"])


@pytest.mark.parametrize("change", [{"optimizer": "sgd"}, {"loss": "mse"}])
def test_a_wrong_part_of_compile_costs_its_share_alone(change):
    def reached(task):
        return 0.9 if (task.optimizer.name, task.loss.name) == ("adam", "categorical_crossentropy") else 0.1

    verdicts, _ = graded(network(*FASHION, compiled=COMPILED | change), *ALL, reached=reached)
    assert lost(verdicts) == {"compile": 1}
    assert "“Compiling”" in said(verdicts["accuracy"])


def test_of_an_optimizer_that_lost_points_for_its_learning_rate_alone_only_that_is_repaired():
    asked = question("compiled", id="compile", title="Compiling", points=3, network="model", learning_rate=0.001)
    given = {"module": "keras.optimizers", "class_name": "SGD", "registered_name": None}
    own = COMPILED | {"optimizer": given | {"config": {"learning_rate": 0.5, "momentum": 0.25}}}
    verdicts, made = graded(network(*FASHION, compiled=own), asked, ACCURACY.model_copy(update={"depends": None}))
    assert set(lost(verdicts)) == {"compile", "accuracy"}
    repaired = made[-1].optimizer
    assert (repaired.name, repaired.settings["learning_rate"], repaired.settings["momentum"]) == ("sgd", 0.001, 0.25)


def test_a_class_shares_the_run_of_the_repaired_network():
    faulty = [
        network(*FASHION[:-1], dense(10), compiled=COMPILED),
        network(WIDE, *FASHION[1:-1], dense(10), compiled=COMPILED),
    ]
    faulty.append(network(*FASHION[:-1], dense(10, "relu"), compiled=COMPILED))
    repaired = [[task.key for task in graded(own, *ALL)[1] if learns(task) > 0.5] for own in faulty]
    assert [len(keys) for keys in repaired] == [1, 1, 1]
    assert len({key for keys in repaired for key in keys}) == 1


def test_without_a_question_that_charges_for_it_it_costs_what_it_costs():
    verdicts, made = graded(network(*FASHION, compiled=COMPILED | {"optimizer": "sgd"}), NETWORK, ACCURACY)
    assert lost(verdicts) == {"accuracy": 2}
    assert all(task.optimizer.name == "sgd" for task in made)


def test_what_is_not_repaired_still_costs():
    own = network(*FASHION[:-1], dense(10), compiled=COMPILED | {"optimizer": "sgd"})
    assert set(lost(graded(own, NETWORK, ACCURACY)[0])) == {"network", "accuracy"}
    # With a question that charges for the optimizer, both mistakes cost once.
    assert set(lost(graded(own, *ALL)[0])) == {"network", "compile"}


def test_the_author_turns_it_off():
    own = network(WIDE, *FASHION[1:-1], dense(10), compiled=COMPILED)
    off = [one.model_copy(update={"follow_through": False}) for one in ALL[1:]]
    verdicts, made = graded(own, NETWORK, *off)
    assert set(lost(verdicts)) == {"network", "parameters", "compile", "accuracy"}
    assert "as such" in said(verdicts["parameters"])
    assert all(learns(task) < 0.5 for task in made)


def test_a_run_of_the_repaired_network_that_is_missing_waits():
    own = network(*FASHION[:-1], dense(10), compiled=COMPILED)
    given = replace(context(networks=(own,), expected={"model": RIGHT}), questions=ALL)
    runs = {}
    for _ in range(2):  # its own two starts
        for task in tasks_needed(ALL, replace(given, runs=runs)):
            runs[task.key] = TrainingRun(key=task.key, outcome="trained", validation_accuracy=(0.1,))
    verdict = judge_all(ALL, replace(given, runs=runs, no_more_runs=True))[-1]
    assert (verdict.status, verdict.findings[0].code) == ("needs_review", "question.needs_run")


def test_initial_weights_of_the_student_stay_in_the_repaired_network():
    zeros = {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": None}
    last = layer("Dense", units=10, activation="linear", kernel_initializer=zeros)
    _, made = graded(network(*FASHION[:-1], last, compiled=COMPILED), *ALL)
    own = made[0].architecture
    repaired = next(task for task in made if learns(task) > 0.5).architecture
    last = repaired.operations[-2]
    assert (last.kind, last.settings["kernel_initializer"]) == (
        "Dense",
        own.operations[-1].settings["kernel_initializer"],
    )


OWN = {
    "right": RIGHT,
    "template": TEMPLATE,
    "empty": network(layer("Flatten")),
    "no softmax": network(*FASHION[:-1], dense(10), compiled=COMPILED),
    "wide": network(WIDE, *FASHION[1:], compiled=COMPILED),
    "half": network(*FASHION[:4], layer("Flatten"), dense(10), compiled=COMPILED),
    "two": network(WIDE, *FASHION[1:-1], dense(10), compiled=COMPILED),
    "never compiled": network(*FASHION[:-1], dense(10)),
    "another": network(conv(8), layer("Flatten"), dense(10, "softmax"), compiled=COMPILED),
}


@pytest.mark.parametrize("own", OWN.values(), ids=OWN)
@pytest.mark.parametrize("order", [ALL, ALL[::-1][1:] + ALL[-1:]])
def test_repairing_never_earns_more_than_the_right_network_and_never_costs(own, order):
    order = tuple(sorted(order, key=lambda one: one.id == "accuracy"))
    verdicts, _ = graded(own, *order)
    off = [one if one.id == "network" else one.model_copy(update={"follow_through": False}) for one in order]
    strict, _ = graded(own, *off)
    assert verdicts["network"].score == strict["network"].score
    for one in verdicts.values():
        assert strict[one.id].score <= one.score <= one.points
        kept = one.score - strict[one.id].score
        # Points are kept only where the mistake has cost some, and the network is at least half right.
        assert not kept or 2 <= verdicts["network"].score < 4 or lost(verdicts).keys() & {"compile"}


def test_a_comparison_that_only_a_charged_mistake_turns_keeps_its_points():
    asked = question("comparison", id="wins", network="model", other="dense", claim="higher_accuracy", margin=0.3)
    other = network(layer("Flatten"), dense(10, "softmax"), name="dense", compiled=COMPILED)
    own = network(*FASHION[:-1], dense(10), compiled=COMPILED)

    def reached(task):
        return learns(task) * (0.5 if len(task.architecture.operations) < 6 else 1)

    given = context(networks=(own, other), expected={"model": RIGHT, "dense": other})
    for questions, score in (((NETWORK, asked), 2), ((asked,), 0)):
        runs = {}
        seen = replace(given, questions=questions)
        while tasks := tasks_needed(questions, replace(seen, runs=runs)):
            for task in tasks:
                runs[task.key] = TrainingRun(
                    key=task.key,
                    outcome="trained",
                    validation_accuracy=(reached(task),),
                    training_accuracy=(reached(task),),
                )
        assert judge_all(questions, replace(seen, runs=runs))[-1].score == score


def test_a_comparison_of_counts_follows_too():
    asked = question("comparison", id="fewer", network="model", other="dense", claim="fewer_parameters")
    other = network(layer("Flatten"), dense(400, "relu"), dense(10, "softmax"), name="dense", compiled=COMPILED)
    own = network(*FASHION[:5], dense(512, "relu"), dense(10, "softmax"), compiled=COMPILED)
    given = context(networks=(own, other), expected={"model": RIGHT, "dense": other})
    for questions, score in (((NETWORK, asked), 2), ((asked,), 0)):
        verdict = judge_all(questions, replace(given, questions=questions))[-1]
        assert verdict.score == score


def test_a_comparison_costs_nothing_where_the_accuracy_has_cost_points_for_the_same_mistake():
    asked = question("comparison", id="wins", network="model", other="dense", claim="higher_accuracy", margin=0.3)
    other = network(layer("Flatten"), dense(10, "softmax"), name="dense", compiled=COMPILED)
    slow = COMPILED | {"optimizer": "sgd"}

    def reached(task):
        return learns(task) * (0.5 if len(task.architecture.operations) < 6 else 1)

    def earned(own, *questions):
        given = replace(context(networks=(own, other), expected={"model": RIGHT, "dense": other}), questions=questions)
        runs = {}
        while missing := tasks_needed(questions, replace(given, runs=runs)):
            for task in missing:
                accuracy = (reached(task),)
                runs[task.key] = TrainingRun(
                    key=task.key, outcome="trained", validation_accuracy=accuracy, training_accuracy=accuracy
                )
        return {one.id: one.score for one in judge_all(questions, replace(given, runs=runs))}

    own = network(*FASHION, compiled=slow)
    assert earned(own, NETWORK, ACCURACY, asked) == {"network": 4, "accuracy": 0, "wins": 2}
    assert earned(own, NETWORK, asked) == {"network": 4, "wins": 0}
    # A network whose accuracy is not counted has not been charged for what keeps it from learning.
    template = network(layer("Flatten"), dense(10), compiled=slow)
    assert earned(template, NETWORK, ACCURACY, asked)["wins"] == 0
    strict = asked.model_copy(update={"follow_through": False})
    assert earned(own, NETWORK, ACCURACY, strict)["wins"] == 0


def test_a_mistake_in_compile_that_two_networks_share_is_repaired_in_both():
    asked = question("comparison", id="wins", network="model", other="dense", claim="higher_accuracy", margin=0.3)
    wrong = COMPILED | {"loss": "mse"}
    dense_network = network(layer("Flatten"), dense(10, "softmax"), name="dense", compiled=wrong)

    def reached(task):
        good = task.loss.name == "categorical_crossentropy"
        return (0.5 if len(task.architecture.operations) < 6 else 0.9) if good else 0.1

    def earned(other):
        given = context(networks=(network(*FASHION, compiled=wrong), other), expected={"model": RIGHT, "dense": other})
        questions, runs = (NETWORK, COMPILE, asked), {}
        given = replace(given, questions=questions)
        made = []
        while missing := tasks_needed(questions, replace(given, runs=runs)):
            made += missing
            for task in missing:
                accuracy = (reached(task),)
                runs[task.key] = TrainingRun(
                    key=task.key, outcome="trained", validation_accuracy=accuracy, training_accuracy=accuracy
                )
        return judge_all(questions, replace(given, runs=runs))[-1].score, {reached(task) for task in made}

    assert earned(dense_network) == (2, {0.1, 0.5, 0.9})
    # With another compile, the other network's own mistake is not repaired.
    assert earned(network(layer("Flatten"), dense(10, "softmax"), name="dense", compiled=wrong | {"optimizer": "sgd"}))[
        1
    ] == {
        0.1,
        0.9,
    }
