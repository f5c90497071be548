"""Data that our own generators write, and what a threshold has to be better than."""

import importlib.util

import numpy as np
import pytest
from changes import ROOT, answer_key, assignment

from autograder.datasets import load_arrays, locate_dataset


def generator(name):
    file = ROOT / "assignments" / name / f"make_{name}.py"
    specification = importlib.util.spec_from_file_location(file.stem, file)
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    return made


def test_the_reviews_are_what_the_generator_writes(tmp_path):
    generator("reviews").write(tmp_path / "reviews.csv")
    stored = ROOT / "assignments" / "reviews" / "reviews.csv"
    assert (tmp_path / "reviews.csv").read_bytes() == stored.read_bytes()


@pytest.mark.parametrize("file", ["series.npz", "later.npz"])
def test_the_series_is_what_the_generator_writes(tmp_path, file):
    generator("series").write(tmp_path)
    made, stored = np.load(tmp_path / file), np.load(ROOT / "assignments" / "series" / file)
    assert made.files == stored.files
    # Another processor may round a sine otherwise, and a value is rounded to a tenth.
    assert all(np.allclose(made[name], stored[name], atol=0.11) for name in made.files)


def arrays(name, dataset):
    source = assignment(name).networks["model"].recipe.source
    return load_arrays(dataset, locate_dataset(dataset, source).path, source)


def test_a_forecast_has_to_beat_both_naive_ones():
    data = arrays("series", "series")
    x, y = data["x_test"], data["y_test"]
    naive = (np.abs(x[:, -1, 0] - y).mean(), np.abs(x[:, 0, 0] - y).mean())
    assert answer_key("series").reference.thresholds["error"].minimum < 0.8 * min(naive)


def test_a_regression_and_an_autoencoder_have_to_beat_the_mean():
    y = arrays("diabetes", "diabetes")["y_train"]
    assert answer_key("diabetes").reference.thresholds["error"].minimum < 0.9 * np.abs(y - y.mean()).mean()
    x = arrays("autoencoder", "digits")["x_train"] / 16
    assert answer_key("autoencoder").reference.thresholds["error"].minimum < 0.8 * ((x - x.mean(0)) ** 2).mean()


def test_a_bag_of_words_cannot_reach_the_accuracy():
    """Half of the reviews turn just one of two words round: the same words, in another order, say the opposite."""
    rows = (ROOT / "assignments" / "reviews" / "reviews.csv").read_text(encoding="utf-8").splitlines()[1:]
    turns = generator("reviews").TURNS
    once = [row for row in rows if sum(f" {turn} " in f" {row} " for turn in turns) == 1]
    assert len(once) > 0.4 * len(rows)
    assert answer_key("reviews").reference.thresholds["accuracy"].minimum > 1 - 0.4 / 2
