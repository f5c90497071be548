"""What an assignment declares reaches every worker of a cluster, whose cache folder may be another one."""

import pytest
from distributed import Client, LocalCluster

from autograder.assignment import load
from autograder.assignment.images import declared_files
from autograder.datasets import DatasetMissing, base_model_path, locate
from autograder.datasets.sending import keep_files
from autograder.grading.engine.cluster import DeclaredFiles


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
        locate("digits", source)
    keep_files(files)
    assert locate("digits", source).path.is_relative_to(tmp_path)
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
        found = [one.path for one in client.run(locate, "digits", source).values()]
        found += client.run(base_model_path, base.digest).values()
        assert len(found) == 4
        assert all(path.is_relative_to(tmp_path) for path in found)
