"""Rebuilt networks against our own formulas, for every kind of layer that is understood."""

import json
import os

import numpy as np
import pytest
from network.keras_configs import layer
from network.layer_examples import EXAMPLES, READ_AS
from training_networks import chain, cnn2

from autograder.network.activations import PLAIN
from autograder.network.architecture import Architecture, Operation
from autograder.network.builder import Builder
from autograder.network.canonical import canonicalize
from autograder.network.compilation import Loss, Optimizer, read_compilation
from autograder.network.kinds import current_name
from autograder.network.layers import LAYERS, read_layer
from autograder.network.measure import rows, totals
from autograder.records.training_messages import CannotTrain

pytestmark = pytest.mark.slow

FLAT = (12,)
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells")
# Classes of keras.layers that are no layers to be known, and why.
NOT_KNOWN = {
    "Layer": "what every layer inherits from",
    "Wrapper": "what layers inherit from that hold another",
    "InputSpec": "a description of what a layer reads",
    "Lambda": "holds code of the student's own",
    "TFSMLayer": "reads a saved model from a file",
    "FlaxLayer": "holds code of the student's own",
    "JaxLayer": "holds code of the student's own",
    "TorchModuleWrapper": "holds code of the student's own",
}
CASES = [(kind, place) for kind, examples in EXAMPLES.items() for place in range(len(examples))]
# Keras 3.15.1 passes on the very tensor that it is given, and then finds a circle in every network with this layer.
BROKEN_IN_KERAS = {"Equalization"}


def example(kind: str, place: int) -> Architecture:
    """A network of nothing but inputs and one layer."""
    shapes, config = EXAMPLES[kind][place]
    call, config = config.get("call", {}), {key: value for key, value in config.items() if key != "call"}
    builder = Builder()
    inputs = tuple(builder.input([None, *shape], "input") for shape in shapes)
    first, *behind = read_layer(kind, config, call)
    last = builder.add(first, inputs, None, kind)
    for applied in behind:
        last = builder.add(applied, (last,), None, kind)
    nodes = builder.nodes
    operations = (Operation(kind=node.kind, settings=node.settings, inputs=node.inputs) for node in nodes)
    return Architecture(operations=tuple(operations), outputs=(last,))


@pytest.fixture(scope="module")
def rebuild():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from autograder.train import rebuild

    return rebuild


def assert_as_measured(model, architecture):
    expected = totals(architecture)
    assert model.count_params() == expected.total
    assert sum(weight.value.numpy().size for weight in model.trainable_weights) == expected.trainable
    (output,) = architecture.outputs
    assert model.output_shape == rows(architecture)[output].shape


def test_every_kind_of_layer_is_tried():
    assert EXAMPLES.keys() == {name for name, layer in LAYERS.items() if layer.measure is not None}
    assert READ_AS.keys() == {name for name, layer in LAYERS.items() if layer.measure is None} - {"Input", *CELLS}


@pytest.mark.parametrize(("kind", "place"), [case for case in CASES if case[0] not in BROKEN_IN_KERAS])
def test_a_rebuilt_layer_is_as_the_formulas_say_and_is_read_as_what_it_was_built_from(rebuild, kind, place):
    architecture = example(kind, place)
    assert any(operation.kind == kind for operation in architecture.operations)
    model = rebuild.build(architecture)
    assert_as_measured(model, architecture)
    described = json.loads(json.dumps(model.get_config(), default=list))
    assert canonicalize("Functional", described) == architecture


@pytest.mark.parametrize("kind", READ_AS)
def test_a_layer_that_is_read_as_others_computes_what_they_do(rebuild, kind):
    import keras

    shape, config, kinds = READ_AS[kind]
    theirs = keras.layers.deserialize(layer(kind, **config))
    read = keras.Input(shape)
    model = keras.Model(read, theirs(read))
    architecture = canonicalize("Functional", json.loads(json.dumps(model.get_config(), default=list)))
    assert [operation.kind for operation in architecture.operations[1:]] == kinds
    assert_as_measured(model, architecture)
    ours = rebuild.build(architecture)
    assert_as_measured(ours, architecture)
    ours.set_weights(model.get_weights())
    given = np.random.default_rng(1).random((2, *shape), dtype=np.float32)
    assert ours.predict(given, verbose=0) == pytest.approx(model.predict(given, verbose=0), abs=1e-6)


def test_every_layer_of_keras_is_known_or_has_a_reason_not_to_be(rebuild):
    import inspect

    import keras

    classes = {name: found for name, found in vars(keras.layers).items() if inspect.isclass(found)}
    assert len(classes) > 150
    assert {current_name(name) for name in classes} - {*NOT_KNOWN} == {*LAYERS}
    assert {*NOT_KNOWN} <= {*classes}


def test_normalization_takes_mean_and_spread_from_the_training_images(rebuild):
    architecture = chain((4, 4, 1), ("Rescaling", {"scale": 2.0}), ("Normalization", {}))
    built = rebuild.build_open(architecture)
    images = np.random.default_rng(1).random((50, 4, 4, 1), dtype=np.float32)
    rebuild.adapt(built, architecture, images)
    given = built.model.predict(images, verbose=0)
    assert (given.mean(), given.std()) == (pytest.approx(0, abs=1e-3), pytest.approx(1, abs=1e-3))


@pytest.mark.parametrize("name", sorted(PLAIN - {"linear"}))
def test_every_activation_is_rebuilt(rebuild, name):
    assert rebuild.build(chain(FLAT, ("Activation", {"activation": name}))).output_shape == (None, 12)


def test_shared_weights_are_shared_again(rebuild):
    first = chain(FLAT, ("Dense", {"units": 12}))
    again = first.operations[1].model_copy(update={"inputs": (1,), "shares": 1})
    architecture = Architecture(operations=(*first.operations, again), outputs=(2,))
    assert_as_measured(rebuild.build(architecture), architecture)


@pytest.mark.parametrize(("solved", "parameters"), [(True, 695_970), (False, 2_540_386)])
def test_the_main_exercise_is_rebuilt(rebuild, solved, parameters):
    model = rebuild.build(cnn2(solved=solved))
    assert model.count_params() == parameters
    assert model.layers[1].kernel_initializer.__class__.__name__ == "HeNormal"


def test_an_unknown_kind_is_refused_by_name(rebuild):
    hostile = Operation(kind="Lambda", settings={}, inputs=(0,))
    architecture = Architecture(operations=(Operation(kind="Input", settings={"shape": [4]}), hostile), outputs=(1,))
    with pytest.raises(CannotTrain, match="Lambda"):
        rebuild.build(architecture)


def test_an_unknown_setting_is_refused_by_name(rebuild):
    architecture = chain(FLAT, ("Dense", {"units": 3}))
    hostile = architecture.operations[1].model_copy(update={"settings": {"units": 3, "quantize": "int8"}})
    with pytest.raises(CannotTrain, match="quantize"):
        rebuild.build(Architecture(operations=(architecture.operations[0], hostile), outputs=(1,)))


OPTIMIZERS = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_comes_back_with_all_its_settings(rebuild, name):
    import keras

    original = getattr(keras.optimizers, name)(learning_rate=0.02, clipnorm=1.0)
    read = read_compilation({"optimizer": keras.saving.serialize_keras_object(original), "loss": "mse"}).optimizer
    ours, theirs = rebuild.make_optimizer(read).get_config(), original.get_config()
    del ours["name"], theirs["name"]
    assert ours == pytest.approx(theirs)


def test_a_learning_rate_schedule_comes_back(rebuild):
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 100, 0.9)
    config = keras.saving.serialize_keras_object(keras.optimizers.Adam(schedule))
    optimizer = rebuild.make_optimizer(read_compilation({"optimizer": config, "loss": "mse"}).optimizer)
    assert optimizer._learning_rate.get_config() == schedule.get_config()


LOSSES = [
    *("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "BinaryCrossentropy", "CategoricalFocalCrossentropy"),
    *("KLDivergence", "Poisson", "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError"),
    *("MeanSquaredLogarithmicError", "CosineSimilarity", "Huber", "LogCosh"),
    *("Hinge", "SquaredHinge", "CategoricalHinge"),
]


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_comes_back_with_all_its_settings(rebuild, name):
    import keras

    original = getattr(keras.losses, name)()
    read = read_compilation({"optimizer": "adam", "loss": keras.saving.serialize_keras_object(original)})
    assert not read.problem
    made = rebuild.make_loss(read.loss)
    assert type(made) is type(original)
    assert made.get_config() == original.get_config()


def test_a_loss_keeps_what_the_student_set(rebuild):
    made = rebuild.make_loss(Loss(name="categorical_crossentropy", settings={"from_logits": True}))
    assert made.get_config()["from_logits"] is True


def test_an_unknown_optimizer_is_refused_by_name(rebuild):
    with pytest.raises(CannotTrain, match="mine"):
        rebuild.make_optimizer(Optimizer(name="mine"))
