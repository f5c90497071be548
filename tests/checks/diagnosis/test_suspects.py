"""Every difference from the reference is a suspect; substituting it removes that one and leaves the rest."""

import pytest

from autograder.checks.diagnosis.suspects import substituted, suspects

ZEROS = {"class_name": "Zeros", "config": {}}
L2 = {"class_name": "L2", "config": {"l2": 3.0}}


def changes(tasks):
    """By aspect, the reference with a fault of that kind in it."""
    one = tasks
    return {
        "last activation": one(tasks.changed(5, activation="linear")),
        "activations": one(tasks.changed(3, activation="sigmoid")),
        "initial weights": one(tasks.changed(3, kernel_initializer=ZEROS)),
        "regularization": one(tasks.changed(3, kernel_regularizer=L2)),
        "frozen layers": one(tasks.changed(0, trainable=False)),
        "dropout": one(tasks.changed(4, rate=0.95)),
        "size of a layer": one(tasks.changed(3, units=1)),
        "missing layer": one(tasks.without(3)),
        "extra layer": one([*tasks.layers[:5], ("Dense", {"units": 1}), tasks.layers[5]]),
        "loss": one(loss=tasks.loss("mean_absolute_error")),
        "from_logits": one(loss=tasks.loss(from_logits=True)),
        "learning rate": one(optimizer=tasks.optimizer(learning_rate=5.0)),
        "optimizer": one(optimizer=tasks.optimizer("adadelta")),
        "normalization of the inputs": one(normalization="none"),
        "epochs": one(epochs=1),
        "batch size": one(batch_size=512),
        "number of images": one(train=20),
    }


ASPECTS = (
    *("last activation", "activations", "initial weights", "regularization", "frozen layers", "dropout"),
    *("size of a layer", "missing layer", "extra layer", "loss", "from_logits", "learning rate", "optimizer"),
    *("normalization of the inputs", "epochs", "batch size", "number of images"),
)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_fault_is_the_one_suspect_and_taking_it_back_gives_the_reference(tasks, aspect):
    student = changes(tasks)[aspect]
    (suspect,) = suspects(student, tasks())
    assert suspect.aspect == aspect
    assert substituted(student, tasks(), [suspect]) == tasks()


def test_the_reference_has_no_suspects(tasks):
    assert suspects(tasks(), tasks()) == ()


def test_sparse_and_one_hot_losses_are_the_same_to_a_run_that_gives_each_its_labels(tasks):
    assert suspects(tasks(loss=tasks.loss("sparse_categorical_crossentropy")), tasks()) == ()


def test_one_substitution_leaves_the_other_faults_as_they_are(tasks):
    student = tasks(tasks.changed(3, units=1), optimizer=tasks.optimizer(learning_rate=5.0))
    rate, size = suspects(student, tasks())
    assert (rate.aspect, size.aspect) == ("learning rate", "size of a layer")
    assert substituted(student, tasks(), [size]) == tasks(optimizer=tasks.optimizer(learning_rate=5.0))
    assert substituted(student, tasks(), [rate, size]) == tasks()


def test_another_optimizer_may_also_just_have_the_wrong_rate(tasks):
    student = tasks(optimizer=tasks.optimizer("sgd", learning_rate=50.0))
    rate, whole = suspects(student, tasks())
    assert (rate.aspect, whole.aspect) == ("learning rate", "optimizer")
    assert rate.optimizer == tasks.optimizer("sgd")


def test_a_setting_that_differs_in_several_layers_is_one_suspect_that_names_them(tasks):
    layers = [
        (name, config | {"kernel_initializer": ZEROS} if name in ("Dense", "Conv2D") else config)
        for name, config in tasks.layers
    ]
    (suspect,) = suspects(tasks(layers), tasks())
    assert suspect.layers == ("conv2d_0", "dense_3", "dense_5")
    assert substituted(tasks(layers), tasks(), [suspect]) == tasks()


def test_a_forgotten_layer_comes_back_with_its_activation(tasks):
    student = tasks(tasks.without(3))
    (suspect,) = suspects(student, tasks())
    assert suspect.size > 1
    assert len(suspect.deviations) == 2
