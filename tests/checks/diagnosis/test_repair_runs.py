"""The search asks for one run after the other and says nothing that no run has shown."""

from autograder.checks.base import NotebookCell
from autograder.checks.diagnosis.code_lines import place_of
from autograder.checks.diagnosis.repair_runs import Faulty, Found, Trial, search
from autograder.checks.diagnosis.wording import findings, trial_exhibit
from autograder.records.evidence import NetworkEvent, NetworkRecord
from autograder.records.training import TrainingRun, TrainingTask
from autograder.report.labels import anchor
from benchmarks.published_scores import parameters_of


def case(tasks, student, budget=6):
    return Faulty(student, tasks(), minimum=0.85, margin=0.02, budget=budget)


def solve(found, reached):
    """Let the search run to its end; `reached` says what a task reaches. Also how many runs it took."""
    runs = {}
    while isinstance(step := search(found, lambda task: runs.get(task.key)), TrainingTask):
        assert step.key not in runs
        runs[step.key] = TrainingRun(key=step.key, outcome="trained", validation_accuracy=(reached(step),))
    assert isinstance(step, Found)
    return step, runs


def well(*wanted):
    """A network reaches 0.94 where every one of these holds of its task, else 0.1."""
    return lambda task: 0.94 if all(holds(task) for holds in wanted) else 0.1


def good_rate(task):
    return task.optimizer.settings["learning_rate"] < 0.1


def good_size(task):
    return all(operation.settings.get("units", 10) > 1 for operation in task.architecture.operations)


def broken(tasks):
    return tasks(tasks.changed(3, units=1), optimizer=tasks.optimizer(learning_rate=5.0))


def test_the_single_change_that_restores_the_accuracy_is_the_cause(tasks):
    found, runs = solve(case(tasks, broken(tasks)), well(good_rate))
    assert [one.aspect for one in found.cause.suspects] == ["learning rate"]
    assert len(runs) == 3  # the network from two starts, and one substitution


def test_where_no_single_change_does_pairs_are_tried(tasks):
    student = case(tasks, broken(tasks))
    found, runs = solve(student, well(good_rate, good_size))
    assert {one.aspect for one in found.cause.suspects} == {"learning rate", "size of a layer"}
    own = runs[student.task.key]
    (said,) = findings(student, found, own, named=True, as_trained=False)
    assert "Your network learns with " in str(said.message)
    assert " together: our run with nothing else changed reached 0.940" in str(said.message)
    assert " alone it reached 0.100." in str(said.message)


def test_where_nothing_does_it_is_said_so_and_no_cause_is_named(tasks):
    student = case(tasks, broken(tasks))
    found, runs = solve(student, well(lambda task: False))
    assert found.cause is None
    assert found.exhausted
    (said,) = findings(student, found, runs[student.task.key], named=True, as_trained=False)
    assert "none of these changes was enough" in str(said.message)


def test_nothing_is_said_of_changes_after_which_no_run_gave_a_score(tasks):
    wrong = broken(tasks)
    student = case(tasks, wrong.model_copy(update={"recipe": wrong.recipe.model_copy(update={"metric": "auc"})}))
    failed = TrainingRun(key="k", outcome="failed", metric="auc")
    tried = Found(trials=(Trial((), student.task, failed),), exhausted=True)
    assert findings(student, tried, failed, named=True, as_trained=False) == ()


def test_no_more_runs_than_the_budget(tasks):
    found, runs = solve(case(tasks, broken(tasks), budget=1), well(good_rate, good_size))
    assert len(runs) == 3
    assert found.cause is None
    assert not found.exhausted


def test_what_misses_by_no_more_than_chance_is_not_looked_into(tasks):
    found, runs = solve(case(tasks, broken(tasks)), lambda task: 0.84)
    assert found.close
    assert len(runs) == 1


def test_what_another_random_start_does_not_miss_was_bad_luck_and_has_no_cause(tasks):
    student = case(tasks, broken(tasks))
    first = student.task.recipe.seed
    found, runs = solve(student, lambda task: 0.6 if task.recipe.seed == first else 0.86)
    assert found == Found(close=True)
    assert len(runs) == 2


def test_what_another_random_start_misses_by_no_more_than_chance_is_no_fault(tasks):
    student = case(tasks, broken(tasks))
    first = student.task.recipe.seed
    found, _ = solve(student, lambda task: 0.6 if task.recipe.seed == first else 0.84)
    assert found == Found(close=True)


def test_what_cannot_be_trained_at_all_is_not_tried_twice(tasks):
    student = case(tasks, broken(tasks))
    failed = TrainingRun(key=student.task.key, outcome="failed", problem="the loss does not fit")
    step = search(student, lambda task: failed if task == student.task else None)
    assert isinstance(step, TrainingTask)
    assert step.recipe.seed == student.task.recipe.seed


def test_the_student_hears_what_was_changed_and_what_the_run_reached(tasks):
    student = case(tasks, tasks(loss=tasks.loss("mean_absolute_error")))
    found, runs = solve(student, lambda task: 0.94 if "crossentropy" in task.loss.name else 0.11)
    own = runs[student.task.key]
    (said,) = findings(student, found, own, named=True, as_trained=False)
    assert "with the loss set to categorical crossentropy" in str(said.message)
    assert "reached 0.940 (yours 0.110; 0.85 was needed)" in str(said.message)
    shown = trial_exhibit("model", student, found, own, named=True)
    assert [(one.aspects, one.accuracy, one.restored) for one in shown.tried] == [(("loss",), 0.94, True)]


def test_an_optimizer_that_brings_its_own_learning_rate_is_named_with_it(tasks):
    student = case(tasks, tasks(optimizer=tasks.optimizer("sgd", learning_rate=0.01)))
    found, runs = solve(student, well(lambda task: task.optimizer.name == "adam"))
    own = runs[student.task.key]
    (said,) = findings(student, found, own, named=True, as_trained=False)
    assert "with the optimizer set to adam with a learning rate of 0.001" in str(said.message)
    assert parameters_of(found.cause.suspects, student.task, found.cause.task) == {"optimizer", "lr"}


def test_where_a_question_asks_for_the_loss_it_is_not_named(tasks):
    student = case(tasks, tasks(loss=tasks.loss("mean_absolute_error")))
    found, runs = solve(student, lambda task: 0.94 if "crossentropy" in task.loss.name else 0.11)
    (said,) = findings(student, found, runs[student.task.key], named=False, as_trained=False)
    assert "crossentropy" not in str(said.message)
    assert "another loss" in str(said.message)


def test_a_layer_is_never_given_away(tasks):
    student = case(tasks, tasks(tasks.changed(3, units=1)))
    found, runs = solve(student, well(good_size))
    (said,) = findings(student, found, runs[student.task.key], named=True, as_trained=False)
    assert "32" not in f"{said.message} {said.hint}"
    assert str(said.where) == "dense_3"


def test_a_finding_has_the_cause_the_run_what_it_reached_the_place_and_a_hint(tasks):
    student = case(tasks, tasks(loss=tasks.loss("mean_absolute_error")))
    found, runs = solve(student, lambda task: 0.94 if "crossentropy" in task.loss.name else 0.11)
    written = [NotebookCell(index=0, kind="code", source="model.compile('adam',\n  loss='mae')", metadata={})]
    record = NetworkRecord(number=1, events=(NetworkEvent(kind="compile", cell=0, line=1),))
    (said,) = findings(
        student,
        found,
        runs[student.task.key],
        named=False,
        as_trained=False,
        place_of=lambda one: place_of(one, student.task.architecture, record, written),
    )
    assert str(said.message) == (
        "Your network learns with another loss: our run with nothing else changed reached 0.940 (yours 0.110; 0.85 was "
        "needed)."
    )
    assert str(said.where) == "code cell 1, line 2: `loss='mae')`"
    assert anchor(said.where) == "code-1"
    assert "keras.losses" in str(said.hint)


def test_of_three_causes_the_share_of_the_first_ones_is_told(tasks):
    wrong = broken(tasks).model_copy(
        update={"recipe": tasks.recipe.model_copy(update={"epochs": 1, "normalization": "none"})}
    )

    def reached(task):
        return 0.1 + 0.4 * good_rate(task) + 0.3 * good_size(task) + 0.14 * (task.recipe.epochs > 1)

    student = case(tasks, wrong, budget=12)
    found, runs = solve(student, reached)
    assert [one.aspect for one in found.cause.suspects] == ["learning rate", "size of a layer", "epochs"]
    (said,) = findings(student, found, runs[student.task.key], named=True, as_trained=False)
    assert str(said.message).endswith(
        "With a learning rate of 0.001 alone it reached 0.500. With a layer of another size too it reached 0.800."
    )


def test_where_nothing_restores_the_accuracy_the_best_part_is_named(tasks):
    student = case(tasks, broken(tasks), budget=12)
    found, runs = solve(student, lambda task: 0.7 if good_rate(task) else 0.1)
    assert found.cause is None
    (said,) = findings(student, found, runs[student.task.key], named=True, as_trained=False)
    assert "The best reached 0.700; 0.85 was needed." in str(said.message)
    assert "With a learning rate of 0.001 it reached 0.700: this is a part of the cause." in str(said.message)
