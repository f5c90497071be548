"""Calls of fit: what was asked for counts, under every usual name."""

import pytest
from by_hand import FASHION, context, fit, judged, network, question, said
from pydantic import ValidationError

from autograder.records.evidence import Failure

QUESTION = question(
    "history", network="model", epochs=20, metrics=["accuracy", "precision", "recall"], validation=True, points=5
)
KEYS = ("acc", "precision_1", "recall", "loss", "val_acc", "val_precision_1", "val_recall", "val_loss")


def trained(*fits, asked=QUESTION, networks=None):
    networks = (network(*FASHION),) if networks is None else networks
    return judged(asked, context(fits=fits, networks=networks, expected={"model": network(*FASHION)}))


def history(*keys):
    return dict.fromkeys(keys, (0.5,))


def test_a_run_with_everything_that_was_asked_for_earns_all_points():
    verdict = trained(fit(epochs=20, history=history(*KEYS), validation={"split": 0.2}))
    assert (verdict.status, verdict.score, verdict.findings) == ("correct", 5, ())


def test_what_was_asked_for_counts_though_the_run_was_shortened():
    assert trained(fit(epochs=20, shortened=True, history=history(*KEYS))).score == 5


def test_more_epochs_are_no_mistake():
    assert trained(fit(epochs=50, history=history(*KEYS))).score == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 1}, "ran for 1 epoch, which is fewer"),
        ({"epochs": 19}, "ran for 19 epochs"),
        ({"history": history("loss", "accuracy", "recall", "val_loss")}, "no precision"),
        ({"history": history("accuracy", "precision", "recall", "loss")}, "no validation data"),
    ],
)
def test_each_thing_that_is_missing_costs_its_own_share(changes, words):
    verdict = trained(fit(**{"epochs": 20, "history": history(*KEYS)} | changes))
    assert (verdict.status, verdict.score) == ("partial", 4)
    assert words in said(verdict)
    assert str(verdict.findings[0].where) == "code cell 3"


@pytest.mark.parametrize("name", ["accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy", "val_acc"])
def test_every_usual_name_of_the_accuracy_counts(name):
    asked = question("history", network="model", metrics=["accuracy"])
    assert trained(fit(history=history(name)), asked=asked).status == "correct"


def test_a_metric_may_have_a_name_of_its_own():
    metric = {"module": "keras.metrics", "class_name": "Recall", "config": {"name": "found"}, "registered_name": None}
    own = network(*FASHION, compiled={"metrics": ["accuracy", metric]})
    asked = question("history", network="model", metrics=["recall"])
    assert trained(fit(history=history("found", "loss")), asked=asked, networks=(own,)).status == "correct"
    assert trained(fit(history=history("other", "loss")), asked=asked, networks=(own,)).status == "wrong"


def test_the_best_of_several_calls_counts():
    good = fit(epochs=20, history=history(*KEYS))
    assert trained(good, fit(epochs=1)).score == trained(fit(epochs=1), good).score == 5


def test_the_training_of_another_network_does_not_count():
    compiled = network(*FASHION, compiled={"optimizer": "adam", "loss": "categorical_crossentropy"})
    verdict = trained(fit(network="other", epochs=20, history=history(*KEYS)), networks=(compiled,))
    assert (verdict.status, verdict.score) == ("not_reached", 0)
    assert "was not trained" in said(verdict)


def test_of_a_network_that_was_never_compiled_only_that_is_said():
    verdict = trained()
    assert [finding.code for finding in verdict.findings] == ["compile.not_compiled"]


def test_an_error_in_fit_is_told_in_its_own_words_and_compile_is_not_blamed():
    words = "'>' not supported between instances of 'NoneType' and 'float'"
    stopped = fit(epochs=20, validation={"split": 0.2}, failure=Failure(name="TypeError", message=words))
    compiled = network(*FASHION, compiled={"optimizer": "adam", "loss": "categorical_crossentropy"})
    verdict = trained(stopped, networks=(compiled,))
    assert [finding.code for finding in verdict.findings] == ["fit.stopped"]
    assert "compile" not in said(verdict)
    assert "NoneType" in said(verdict)
    assert verdict.status == "partial"


def test_a_network_under_another_name_is_found():
    given = fit(network="my_net", epochs=20, history=history(*KEYS))
    verdict = trained(given, networks=(network(*FASHION, name="my_net"),))
    assert verdict.score == 5
    assert "taken as `model`" in said(verdict)


def test_a_history_may_be_found_by_its_variable():
    asked = question("history", network="model", variable="history", epochs=2)
    assert trained(fit(network="", variable="history", epochs=2), asked=asked).status == "correct"


def test_a_question_that_asks_for_nothing_is_refused():
    with pytest.raises(ValidationError, match="nothing to judge"):
        question("history", network="model")


def test_two_calls_train_for_the_epochs_of_both():
    half = fit(epochs=10, history=history(*KEYS))
    assert trained(half, half).score == 5
    failed = fit(epochs=10, history={}, validation={}, failure=Failure(name="ValueError", message="sizes"))
    assert "ran for 10 epochs" in said(trained(half, failed))


def test_a_call_that_stopped_costs_a_share_even_if_no_metric_is_asked_for():
    asked = question("history", network="model", epochs=20, validation=True, points=4)
    long = "a callback failed " * 20
    stopped = fit(epochs=20, validation={}, failure=Failure(name="AttributeError", message=f"{long}\nmore"))
    own = network(*FASHION, compiled={"optimizer": "adam", "loss": "categorical_crossentropy"})
    verdict = trained(stopped, asked=asked, networks=(own,))
    assert (verdict.score, [one.code for one in verdict.findings]) == (2, ["fit.stopped"])
    assert str(verdict.findings[0].message).endswith("…")
