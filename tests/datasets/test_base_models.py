"""Files with trained weights that an assignment declares: checked, packed, and recognized by their content."""

import re
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from autograder.assignment import AssignmentError, load
from autograder.datasets import DatasetMissing, base_model_path
from autograder.datasets.base_models import fingerprints, weights_in
from autograder.lms.bundle import _assignment_files

ROOT = Path(__file__).parents[2]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A copy of the assignment, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for part in ("assignments", "solutions"):
        shutil.copytree(ROOT / part / "transfer", tmp_path / part / "transfer")
    return tmp_path / "assignments" / "transfer"


def refused(course):
    with pytest.raises(AssignmentError) as refusal:
        load(str(course))
    (line,) = str(refusal.value).splitlines()
    return line


def edit(course, pattern, new):
    file = course / "assignment.toml"
    file.write_text(re.sub(pattern, new, file.read_text("utf-8"), count=1, flags=re.S), "utf-8")


def test_a_declared_file_is_kept_and_its_weights_are_known(course):
    assignment = load(str(course))
    (model,) = (one.model for one in assignment.base_models.values())
    assert (model.file, model.megabytes) == ("base.keras", 1)
    assert assignment.observe_task().base_models == (model,)
    assert assignment.networks["model"].recipe.base_models == (model.digest,)
    # Four layers with a kernel and a bias each.
    assert len(fingerprints(model.digest)) == 8
    assert sum(array.size for array in weights_in(base_model_path(model.digest)).values()) == 21_381


def test_the_file_is_packed_and_goes_to_students(course):
    assignment = load(str(course))
    assert assignment.data_files()["base.keras"] == course / "base.keras"
    _, files = _assignment_files(assignment)
    assert "assignment/assignments/transfer/base.keras" in files


def test_a_file_that_is_missing_or_was_changed_is_refused_in_one_sentence(course):
    file = course / "base.keras"
    file.write_bytes(file.read_bytes() + b" ")
    assert 'base.keras" is not the file that digest was written for: its SHA-256 is' in refused(course)
    file.unlink()
    assert 'there is no file "base.keras"' in refused(course)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"nothing", "is damaged or was not saved by Keras"), (b"", "is damaged or was not saved by Keras")],
)
def test_a_file_that_is_no_network_is_refused(course, content, said):
    (course / "base.keras").write_bytes(content)
    digest = re.search(r"SHA-256 is (\w+)", refused(course))[1]
    edit(course, r'(file = "base.keras".*?digest = )"\w+"', rf'\1"{digest}"')
    assert said in refused(course)


def test_an_archive_or_file_without_weights_is_refused(course):
    with zipfile.ZipFile(course / "base.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with h5py.File(course / "empty.h5", "w") as file:
        file["seed_generator/vars/0"] = np.ones(2)
    for name, said in (("base.keras", "is damaged"), ("empty.h5", "holds no weights")):
        edit(course, r'file = "[\w.]+"', f'file = "{name}"')
        digest = re.search(r"SHA-256 is (\w+)", refused(course))[1]
        edit(course, r'(\[base_models.base\].*?digest = )"\w+"', rf'\1"{digest}"')
        assert said in refused(course)


def test_the_digest_is_required_and_other_files_are_refused(course):
    edit(course, r'(file = "base.keras".*?)digest = "\w+"', r"\1")
    assert "digest" in refused(course)
    edit(course, r'file = "base.keras"', f'file = "model.summary.txt"\ndigest = "{"0" * 64}"')
    assert "no file that Keras saves a network or its weights in" in refused(course)


def test_a_machine_without_the_file_says_so(course):
    with pytest.raises(DatasetMissing, match="was not prepared on this machine"):
        base_model_path("0" * 64)


@pytest.mark.parametrize(
    ("name", "what"), [("packages.lock", "the lock of the packages"), ("reference.json", "reference")]
)
def test_what_belongs_to_the_assignment_itself_is_never_data(course, name, what):
    (course / name).write_text("a,kind\n" + "".join(f"{row},{row % 2}\n" for row in range(40)))
    edit(course, r'npz = "digits.npz"', f'csv = "{name}"\ntarget = "kind"')
    edit(course, r'digest = "\w+"', "")
    edit(course, r"\ntrain = 30\nvalidation = 600", "")
    assert f'students would receive "{name}", which is ' in refused(course)
    assert what in refused(course)
