"""What the plugin and the container's program do to the folders they are given, before and after anything is graded."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.lms.gradescope_entry_point import main
from autograder.lms.otter_plugin import AutograderPlugin
from autograder.lms.packaged import student_of


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("source", "submission", "results"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_a_submitted_log_is_deleted_and_other_files_are_put_aside(base: Path) -> None:
    submission = base / "submission"
    for name in ("cnn2.ipynb", ".OTTER_LOG", "numpy.py"):
        (submission / name).write_text("x")
    (submission / "tests").mkdir()
    config = SimpleNamespace(autograder_dir=str(base), grade_from_log=True)
    AutograderPlugin(str(submission / "cnn2.ipynb"), {}, {}).before_grading(config)
    assert sorted(path.name for path in submission.iterdir()) == ["cnn2.ipynb", "tests"]
    assert [path.name for path in (base / "aside").iterdir()] == ["numpy.py"]
    assert not config.grade_from_log


def test_tests_submission_and_results_are_closed_to_the_notebooks_user(base: Path) -> None:
    (base / "autograder.zip").touch(mode=0o644)
    config = SimpleNamespace(autograder_dir=str(base))
    AutograderPlugin(str(base / "submission" / "cnn2.ipynb"), {}, {}).before_grading(config)
    for name in ("autograder.zip", "source", "submission", "results", "aside"):
        assert (base / name).stat().st_mode & 0o077 == 0


def test_a_grader_that_fails_still_leaves_results_that_say_whose_fault_it_is_not(base: Path) -> None:
    (base / "autograder.zip").touch(mode=0o644)
    main(base)  # there is no package.json
    assert (base / "autograder.zip").stat().st_mode & 0o077 == 0
    document = json.loads((base / "results" / "results.json").read_text())
    assert "no fault of yours" in document["output"]
    assert [test["visibility"] for test in document["tests"]] == ["visible", "hidden"]


def test_a_group_is_named_in_full() -> None:
    users = [{"name": "Jane Doe"}, {"name": "", "email": "k@x.edu"}]
    assert student_of({"users": users}, "submission") == "Jane Doe and k@x.edu"
    assert student_of({}, "submission") == "submission"
