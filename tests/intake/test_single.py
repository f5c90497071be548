from pathlib import Path

import pytest

from autograder.intake import UnreadableSubmission, one_submission


def test_the_only_notebook_of_an_upload_is_meant_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "work" / ".ipynb_checkpoints").mkdir(parents=True)
    (tmp_path / "work" / "mine.ipynb").write_text("{}")
    (tmp_path / "work" / ".ipynb_checkpoints" / "mine-checkpoint.ipynb").write_text("old")
    assert one_submission(tmp_path, "Jane", "cnn2.ipynb").read() == b"{}"


def test_of_several_notebooks_the_one_with_the_right_name_is_meant(tmp_path: Path) -> None:
    for name in ("notes", "cnn2"):
        (tmp_path / f"{name}.ipynb").write_text(name)
    assert one_submission(tmp_path, "Jane", "cnn2.ipynb").read() == b"cnn2"


def test_no_notebook_and_too_many_are_said_to_the_student(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSubmission, match="No notebook"):
        one_submission(tmp_path, "Jane", "cnn2.ipynb").read()
    for name in ("a", "b"):
        (tmp_path / f"{name}.ipynb").write_text(name)
    with pytest.raises(UnreadableSubmission, match=r"2 notebooks.*a\.ipynb, b\.ipynb.*called cnn2\.ipynb"):
        one_submission(tmp_path, "Jane", "cnn2.ipynb").read()
