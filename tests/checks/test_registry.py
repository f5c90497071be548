"""Kinds of question are found by entry point: ours, and those of other packages."""

import sys

import pytest

from autograder.checks.base import Question
from autograder.checks.registry import UnknownKind, UnusableKind, find_kind, known_kinds

OURS = ("accuracy", "architecture", "parameters", "written")


@pytest.mark.parametrize("kind", OURS)
def test_our_kinds_are_found(kind):
    model = find_kind(kind)
    assert issubclass(model, Question)
    assert model.__doc__


def test_kinds_are_listed_in_alphabetical_order():
    assert [kind for kind in known_kinds() if kind in OURS] == list(OURS)


def test_an_unknown_kind_comes_with_those_that_are_known():
    with pytest.raises(UnknownKind) as caught:
        find_kind("acuracy")
    assert set(OURS) <= set(caught.value.known)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course's own package, with a kind that works and some that do not."""
    (tmp_path / "course_kinds.py").write_text(
        "from autograder.checks.base import Question\n"
        "class Quiz(Question):\n"
        "    def judge(self, context):\n"
        "        return self.verdict('correct', self.points)\n"
        "nothing = 1\n"
    )
    info = tmp_path / "course-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: course\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[autograder.checks]\n"
        "quiz = course_kinds:Quiz\n"
        "gone = no_such_module_here:Quiz\n"
        "plain = course_kinds:nothing\n"
        "accuracy = course_kinds:Quiz\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("course_kinds", None)


@pytest.mark.usefixtures("course")
def test_a_course_adds_a_kind_of_its_own():
    question = find_kind("quiz")(kind="quiz", id="q", title="Q", points=1)
    assert question.verdict("correct", 1).score == 1


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize(
    ("kind", "words"),
    [("gone", "cannot be imported"), ("plain", "is to be a class of Question"), ("accuracy", "two packages offer")],
)
def test_a_kind_that_cannot_be_used_says_why(kind, words):
    with pytest.raises(UnusableKind, match=words):
        find_kind(kind)
