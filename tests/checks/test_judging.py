"""Questions judged in their order: dependencies, runs that are worth asking for, checks that fail themselves."""

from typing import ClassVar, Literal

import pytest

from autograder.checks.base import Context, Dependency, Question
from autograder.checks.judging import judge_all, tasks_needed
from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Compilation
from autograder.records.evidence import Evidence
from autograder.records.training import Recipe, TrainingRun, TrainingTask

RECIPE = Recipe(dataset="mnist", train=100, validation=50, epochs=1, batch_size=32)


class Fixed(Question):
    """A question whose answer earns what the test says."""

    kind: Literal["fixed"] = "fixed"
    status: str = "correct"
    earns: float = 0.0

    def judge(self, context):
        return self.verdict(self.status, self.earns)


class Broken(Question):
    """A check with a mistake of its own."""

    kind: Literal["broken"] = "broken"

    def judge(self, context):
        return self.verdict("correct", {}["no such key"])


class Trained(Question):
    """A question that needs one run of a network with so many units."""

    kind: Literal["trained"] = "trained"
    units: int = 1
    requires_training: ClassVar[bool] = True

    def training(self, context):
        dense = Operation(kind="Dense", settings={"units": self.units}, inputs=(0,))
        architecture = Architecture(operations=(Operation(kind="Input"), dense), outputs=(1,))
        return (TrainingTask(architecture=architecture, compilation=Compilation(), recipe=RECIPE),)

    def judge(self, context):
        (task,) = self.training(context)
        return self.verdict("correct" if context.runs[task.key].score >= 0.5 else "wrong", self.points)


def fixed(name, points=2.0, **more):
    return Fixed(id=name, title=name.capitalize(), points=points, **more)


def trained(name, **more):
    return Trained(id=name, title=name.capitalize(), points=3, **more)


def after(name, share=0.5, because=""):
    return Dependency(question=name, share=share, because=because)


def run_of(task, accuracy):
    return TrainingRun(key=task.key, outcome="trained", validation_accuracy=(accuracy,))


@pytest.fixture
def context():
    return Context(evidence=Evidence(key="k", cells=(), isolation="none", versions={}), expected={})


def test_each_question_is_judged_in_its_place(context):
    verdicts = judge_all([fixed("a", earns=2), fixed("b", status="wrong")], context)
    assert [(verdict.id, verdict.status, verdict.score) for verdict in verdicts] == [
        ("a", "correct", 2),
        ("b", "wrong", 0),
    ]


def test_a_question_counts_from_the_share_it_asks_of_the_other(context):
    for earned, counts in ((0.999, False), (1.0, True), (2.0, True)):
        *_, verdict = judge_all([fixed("a", earns=earned), fixed("b", earns=2, depends=after("a"))], context)
        assert (verdict.score == 2) == counts


def test_a_question_that_does_not_count_says_why(context):
    other = fixed("b", earns=2, depends=after("a", because="Without it, b says nothing."))
    *_, verdict = judge_all([fixed("a", status="partial", earns=0.5), other], context)
    assert verdict.status == "wrong"
    assert str(verdict.findings[0].message) == (
        "Not counted, because it builds on “A”: at least 1 of its 2 points are needed there, and you have 0.5."
    )
    assert str(verdict.findings[0].hint).startswith("Without it, b says nothing. Look at the findings there first;")


@pytest.mark.parametrize("status", ["not_reached", "error", "needs_review"])
def test_what_could_not_be_judged_holds_back_what_builds_on_it(context, status):
    *_, verdict = judge_all([fixed("a", status=status), fixed("b", earns=2, depends=after("a"))], context)
    assert (verdict.status, verdict.score) == (status, 0)


def test_a_check_that_fails_itself_costs_its_own_question_only(context):
    broken = Broken(id="broken", title="Broken", points=1)
    verdicts = judge_all([fixed("a", earns=2), broken, fixed("c", earns=2)], context)
    assert [verdict.status for verdict in verdicts] == ["correct", "error", "correct"]
    assert "KeyError" in str(verdicts[1].findings[0].hint)
    assert "not your fault" in str(verdicts[1].findings[0].message)


def test_a_run_is_asked_for_once_however_many_questions_need_it(context):
    assert len(tasks_needed([trained("a"), trained("b"), trained("c", units=2)], context)) == 2


def test_no_run_is_asked_for_where_it_could_not_count(context):
    assert tasks_needed([fixed("a", status="wrong"), trained("b", depends=after("a"))], context) == ()


def test_a_run_that_is_there_is_not_asked_for_again(context):
    question = trained("a")
    (task,) = tasks_needed([question], context)
    done = Context(evidence=context.evidence, expected={}, runs={task.key: run_of(task, 0.9)})
    assert tasks_needed([question], done) == ()
    assert judge_all([question], done)[0].status == "correct"


@pytest.mark.parametrize(("accuracy", "asked"), [(0.9, True), (0.1, False)])
def test_what_builds_on_a_run_is_asked_for_once_that_run_counts(context, accuracy, asked):
    class Strict(Trained):
        def judge(self, context):
            (task,) = self.training(context)
            right = context.runs[task.key].score >= 0.5
            return self.verdict("correct" if right else "wrong", self.points if right else 0)

    questions = [Strict(id="a", title="A", points=3), trained("b", units=2, depends=after("a"))]
    (first,) = tasks_needed(questions, context)
    done = Context(evidence=context.evidence, expected={}, runs={first.key: run_of(first, accuracy)})
    assert bool(tasks_needed(questions, done)) is asked


class Targeted(Trained):
    target: float = 0.8

    def training(self, context):
        return tuple(task.model_copy(update={"target": self.target}) for task in super().training(context))

    def judge(self, context):
        return self.verdict("correct" if context.run_of(*self.training(context)) else "error", self.points)


def targeted(name, target=0.8):
    return Targeted(id=name, title=name.capitalize(), points=3, target=target)


def test_of_runs_that_differ_in_their_target_the_one_that_answers_all_is_asked_for(context):
    for questions, target in (
        ([targeted("t"), targeted("u", 0.9), targeted("v")], 0.9),
        ([targeted("t"), trained("a")], None),
        ([trained("a"), targeted("t")], None),
    ):
        (task,) = tasks_needed(questions, context)
        assert task.target == target
        done = Context(evidence=context.evidence, expected={}, runs={task.key: run_of(task, 0.9)})
        assert tasks_needed(questions, done) == ()
        assert {verdict.status for verdict in judge_all(questions, done)} == {"correct"}


def test_a_run_that_stopped_below_what_is_asked_now_is_asked_for_again(context):
    (task,) = tasks_needed([targeted("t", 0.8)], context)
    stopped = run_of(task, 0.85).model_copy(update={"ended": "target"})
    done = Context(evidence=context.evidence, expected={}, runs={task.key: stopped})
    assert tasks_needed([targeted("t", 0.85)], done) == ()
    assert [again.target for again in tasks_needed([targeted("t", 0.9)], done)] == [0.9]
    assert [again.target for again in tasks_needed([trained("a")], done)] == [None]
