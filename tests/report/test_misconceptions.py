"""Which findings of a class are one misconception, and what is said of it."""

from __future__ import annotations

import pytest
from class_of_results import answered, page_of, result

from autograder.core.messages import Message, in_turn, message, nmessage, phrase
from autograder.network.architecture import Operation
from autograder.network.describe import in_words, named, setting_in_words
from autograder.records.result import Finding, Verdict
from autograder.report.misconceptions import root_causes
from autograder.report.summary import summarize


def reached(accuracy: float) -> Message:
    return message(
        "accuracy.reached",
        "Your network reached a validation accuracy of {reached:.{digits}f}; {needed:.{digits}f} was needed.",
        reached=accuracy,
        needed=0.9,
        digits=3,
    )


def layer(name: str, kind: str) -> Message:
    return named(Operation(kind=kind, settings={}, inputs=(), label=name))


def moved(name: str, kind: str) -> Message:
    return message("layer.moved", "{layer} stands in another place than expected.", layer=layer(name, kind))


def other_setting(name: str, kind: str, *settings: str) -> Message:
    return nmessage(
        "layer.settings",
        "The {settings} of {layer} is not as expected.",
        "The {settings} of {layer} are not as expected.",
        len(settings),
        settings=tuple(map(setting_in_words, settings)),
        layer=layer(name, kind),
    )


def unforeseen(figure: float, code: str = "some.thing") -> Message:
    return message(code, "A thing nobody foresaw, {figure:.2f}.", figure=figure)


@pytest.mark.parametrize(
    ("one", "other", "say", "found"),
    [
        (
            reached(0.5),
            reached(0.61),
            "2 of you built a network that learns too little",
            ["Your network reached a validation accuracy of …; … was needed."],
        ),
        (
            moved("conv2d_3", "Conv2D"),
            moved("dropout", "Dropout"),
            "The order of layers matters: 2 of you have Conv2D and Dropout in another place.",
            ["Conv2D stands in another place than expected.", "Dropout stands in another place than expected."],
        ),
        (
            other_setting("conv2d_1", "Conv2D", "filters"),
            other_setting("conv2d", "Conv2D", "filters"),
            "2 of you have another number of filters: it can be worked out",
            ["The number of filters of Conv2D is not as expected."],
        ),
        (
            other_setting("conv2d_1", "Conv2D", "filters", "kernel_size"),
            other_setting("conv2d", "Conv2D", "filters"),
            "2 of you have other settings (number of filters and kernel size): they can be worked out",
            [
                "The number of filters and kernel size of Conv2D are not as expected.",
                "The number of filters of Conv2D is not as expected.",
            ],
        ),
        (
            unforeseen(0.1),
            unforeseen(0.2),
            "2 of you should look at this again: A thing nobody foresaw, ….",
            ["A thing nobody foresaw, …."],
        ),
    ],
)
def test_what_is_one_mistake_is_one_sentence_whatever_the_names_and_figures(
    one: Message, other: Message, say: str, found: list[str]
) -> None:
    (cause,) = summarize([answered("a", one), answered("b", other)], page_of).misconceptions
    assert (cause.students, cause.code) == ([0, 1], one.code)
    assert cause.sentence().startswith(say)
    assert list(cause.found) == found


def test_other_codes_and_other_values_that_are_no_students_own_are_other_mistakes() -> None:
    def metric(name: str) -> Message:
        return message("some.metric", "There is no {metric}.", metric=name)

    apart = [
        (unforeseen(0.1), unforeseen(0.1, "other.thing")),
        (metric("precision"), metric("recall")),
        ("One thing.", "Another thing."),
    ]
    for one, other in apart:
        summary = summarize([answered("a", one), answered("b", other)], page_of)
        assert (summary.misconceptions, summary.further_misconceptions) == ((), 2)


def test_a_wrong_answer_is_one_mistake_whatever_was_answered_and_the_answers_are_shown() -> None:
    answers = [message("answer.wrong", "{value} is not right.", value=value) for value in ("45", "46", "45")]
    (cause,) = summarize([answered(str(n), one) for n, one in enumerate(answers)], page_of).misconceptions
    assert cause.students == [0, 1, 2]
    assert cause.found == {"45 is not right.": 2, "46 is not right.": 1}


def test_what_follows_from_an_earlier_mistake_is_no_cause_of_its_own() -> None:
    missing = message("layer.missing", "{thing!c} is missing.", thing=in_words("MaxPooling2D"))
    first = Verdict(id="a", title="A", status="wrong", score=0, points=1, findings=(Finding(message=missing),))
    follows = [
        message("parameters.follow", "Your network has {counts}. That follows: {causes}", counts="1", causes=missing),
        message("depends.not_counted", "Not counted, because it builds on “{title}”.", title="A"),
        in_turn(message("depends.error", "This question builds on “{title}”.", title="A"), "Look there."),
        missing,
    ]
    for said in follows:
        second = Verdict(id="b", title="B", status="wrong", score=0, points=1, findings=(Finding(message=said),))
        assert [cause[0] for cause in root_causes(result("x", (first, second)))] == ["a"]
    own = Verdict(id="b", title="B", status="wrong", score=0, points=1, findings=(Finding(message="Another thing."),))
    assert [cause[0] for cause in root_causes(result("x", (first, own)))] == ["a", "b"]


def test_findings_about_right_answers_are_not_counted_as_wrong() -> None:
    right = [answered(student, reached(0.96), "correct") for student in ("a", "b")]
    assert summarize(right, page_of).misconceptions == ()


def test_a_cause_that_a_run_has_shown_stands_for_the_missed_score() -> None:
    def shown(change: str) -> Message:
        return message(
            "cause.one_change",
            "Your network learns with {changes}: our run reached {reached:.2f}.",
            changes=phrase(change),
            reached=0.95,
        )

    def missed(*more: Message) -> Verdict:
        findings = tuple(Finding(message=one) for one in (reached(0.4), *more))
        return Verdict(id="a", title="A", status="wrong", score=0, points=1, findings=findings)

    ((_, _, _, findings),) = root_causes(result("x", (missed(shown("another loss")),)))
    assert [one.code for one in findings] == ["cause.one_change"]
    ((_, _, _, findings),) = root_causes(result("x", (missed(),)))
    assert [one.code for one in findings] == ["accuracy.reached"]
    class_ = [
        result("x", (missed(shown("another loss")),)),
        result("y", (missed(shown("another loss")),)),
        result("z", (missed(shown("another learning rate")),)),
    ]
    (only,) = summarize(class_, page_of).misconceptions
    assert "3 of you" in only.sentence()
    assert "another loss, another learning rate" in only.sentence().replace(" and ", ", ")
    both = phrase("{parts}", parts=(phrase("another loss"), phrase("another learning rate")))
    together = message("cause.several_changes", "Your network learns with {changes} together.", changes=both)
    (only,) = summarize([*class_, result("w", (missed(together),))], page_of).misconceptions
    assert "another loss, another learning rate" in only.sentence().replace(" and ", ", ")
