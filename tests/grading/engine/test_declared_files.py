"""What an assignment declares reaches every worker of a cluster, whose cache folder may be another one."""

import json
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from distributed import Client, LocalCluster
from samples.transfer_network import HEAD, building

from autograder.assignment import load
from autograder.assignment.images import declared_files
from autograder.datasets import DatasetMissing, base_model_path, locate_dataset
from autograder.datasets.sending import keep_files
from autograder.grading.engine.cluster import DeclaredFiles

ROOT = Path(__file__).parents[3]
BUILD = building("build", *HEAD) + 'base = build()\nbase.load_weights("base.weights.h5")\n'


def parts(assignment):
    (source,) = assignment.sources().values()
    (base,) = (one.model for one in assignment.base_models.values())
    return source, base


def test_another_machine_has_the_data_and_the_base_model_after_they_were_sent(tmp_path, monkeypatch):
    assignment = load("transfer")
    source, base = parts(assignment)
    files = declared_files(assignment)
    assert {name.partition("/")[0] for name in files} == {"declared", "base_models"}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(DatasetMissing):
        locate_dataset("digits", source)
    keep_files(files)
    assert locate_dataset("digits", source).path.is_relative_to(tmp_path)
    assert base_model_path(base.digest).is_relative_to(tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    keep_files(files)
    assert written == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_worker_gets_the_files_when_it_joins(tmp_path):
    assignment = load("transfer")
    source, base = parts(assignment)
    here = {"host": "127.0.0.1", "dashboard_address": None, "env": {"XDG_CACHE_HOME": str(tmp_path)}}
    with LocalCluster(n_workers=1, threads_per_worker=1, **here) as cluster, Client(cluster) as client:
        client.register_plugin(DeclaredFiles(declared_files(assignment)))
        cluster.scale(2)
        client.wait_for_workers(2, timeout=60)
        found = [one.path for one in client.run(locate_dataset, "digits", source).values()]
        found += client.run(base_model_path, base.digest).values()
        assert len(found) == 4
        assert all(path.is_relative_to(tmp_path) for path in found)


@pytest.fixture
def with_weights(tmp_path):
    """transfer with the weights of the base model in place of the whole, a class of two, and its thresholds."""
    import keras

    for folder in ("assignments", "solutions"):
        shutil.copytree(ROOT / folder / "transfer", tmp_path / folder / "transfer")
    course = tmp_path / "assignments" / "transfer"
    weights = course / "base.weights.h5"
    keras.models.load_model(course / "base.keras").save_weights(weights)
    for file in ("base.keras", "reference.json"):
        (course / file).unlink()
    text = (course / "assignment.toml").read_text("utf-8")
    text = re.sub(
        r'"base.keras"(.*?digest = )"\w+"',
        rf'"base.weights.h5"\1"{sha256(weights.read_bytes()).hexdigest()}"',
        text,
        flags=re.S,
    )
    (course / "assignment.toml").write_text(
        text.replace('kind = "accuracy"', 'kind = "accuracy"\nminimum = 0.6'), "utf-8"
    )
    solution = tmp_path / "solutions" / "transfer" / "transfer.ipynb"
    notebook = json.loads(solution.read_text("utf-8"))
    for cell in notebook["cells"]:
        code = "".join(cell["source"]).replace('base = keras.models.load_model("base.keras")\n', BUILD)
        again = 'again = build()\nagain.load_weights("/content/drive/MyDrive/base.weights.h5")'
        cell["source"] = code.replace('again = keras.models.load_model("base.keras")', again)
    solution.write_text(json.dumps(notebook), "utf-8")
    students = tmp_path / "class"
    students.mkdir()
    shutil.copy(solution, students / "Right One.ipynb")
    wrong = solution.read_text("utf-8").replace('base.load_weights(\\"base.weights.h5\\")', "pass")
    (students / "Wrong One.ipynb").write_text(wrong, "utf-8")
    return course, students


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_class_is_graded_where_the_data_and_the_weights_were_sent(tmp_path, with_weights):
    course, students = with_weights
    here = {"host": "127.0.0.1", "dashboard_address": None, "env": {"XDG_CACHE_HOME": str(tmp_path / "there")}}
    with LocalCluster(n_workers=1, threads_per_worker=1, resources={"sandbox": 1}, **here) as cluster:
        command = [sys.executable, "-m", "autograder", "grade", course, students, "--output", tmp_path / "report"]
        done = subprocess.run(
            [*command, "--scheduler", cluster.scheduler_address], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr + done.stdout
    lines = map(json.loads, (tmp_path / "report" / "results.jsonl").read_text("utf-8").splitlines())
    found = {line["student"]: {one["id"]: one for one in line["questions"]} for line in lines}
    lost = {
        student: {name for name, one in questions.items() if one["score"] < one["points"]} - {"left_out"}
        for student, questions in found.items()
    }
    assert lost == {"Right One": set(), "Wrong One": {"network"}}
    assert "do not have the weights" in json.dumps(found["Wrong One"]["network"])
