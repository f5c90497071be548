"""Rebuilt networks against our own formulas, for every kind of layer that is understood."""

import os

import pytest
from training_networks import chain, cnn2

from autograder.network.activations import LAYERS as ACTIVATION_LAYERS
from autograder.network.activations import PLAIN
from autograder.network.architecture import Architecture, Operation
from autograder.network.compilation import Loss, Optimizer, read_compilation
from autograder.network.layers import SPECS, read_layer
from autograder.network.measure import rows, totals
from autograder.records.training_messages import CannotTrain

pytestmark = pytest.mark.slow

IMAGE, SERIES, VOLUME, FLAT, WORDS = (8, 8, 4), (9, 4), (6, 6, 6, 2), (12,), (7,)
L2 = {"class_name": "L2", "config": {"l2": 0.1}}
NORM = {"class_name": "MaxNorm", "config": {"max_value": 2.0}}

SINGLE = {
    "Activation": (FLAT, {"activation": "gelu"}),
    "Dense": (IMAGE, {"units": 5, "use_bias": False, "kernel_regularizer": L2, "trainable": False}),
    "Conv1D": (SERIES, {"filters": 4, "kernel_size": [3], "padding": "causal", "dilation_rate": [2]}),
    "Conv2D": (IMAGE, {"filters": 6, "kernel_size": [3, 2], "strides": [2, 1], "groups": 2, "kernel_constraint": NORM}),
    "Conv3D": (VOLUME, {"filters": 3, "kernel_size": [2, 3, 2], "padding": "same"}),
    "DepthwiseConv1D": (SERIES, {"kernel_size": [3], "depth_multiplier": 2}),
    "DepthwiseConv2D": (IMAGE, {"kernel_size": [3, 3], "depth_multiplier": 2}),
    "SeparableConv1D": (SERIES, {"filters": 5, "kernel_size": [3], "depth_multiplier": 2}),
    "SeparableConv2D": (IMAGE, {"filters": 5, "kernel_size": [3, 3], "strides": [2, 2]}),
    "Conv1DTranspose": (SERIES, {"filters": 3, "kernel_size": [4], "strides": [2]}),
    "Conv2DTranspose": (IMAGE, {"filters": 3, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same"}),
    "MaxPooling1D": (SERIES, {"pool_size": [2], "strides": [2]}),
    "MaxPooling2D": (IMAGE, {"pool_size": [3, 2], "strides": [2, 2], "padding": "same"}),
    "MaxPooling3D": (VOLUME, {"pool_size": [2, 2, 2], "strides": [1, 2, 3]}),
    "AveragePooling1D": (SERIES, {"pool_size": [2], "strides": [3]}),
    "AveragePooling2D": (IMAGE, {"pool_size": [2, 2], "strides": [2, 2]}),
    "AveragePooling3D": (VOLUME, {"pool_size": [2, 2, 2], "strides": [2, 2, 2]}),
    **{
        f"Global{how}Pooling{n}D": (shape, {"keepdims": n == 2})
        for how in ("Max", "Average")
        for n, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))
    },
    "Flatten": (IMAGE, {}),
    "Reshape": (IMAGE, {"target_shape": [4, -1]}),
    "Permute": (IMAGE, {"dims": [3, 1, 2]}),
    "RepeatVector": (FLAT, {"n": 3}),
    "BatchNormalization": (IMAGE, {"scale": False, "gamma_regularizer": L2, "momentum": 0.9}),
    "LayerNormalization": (IMAGE, {"axis": [2, 3]}),
    "Dropout": (IMAGE, {"rate": 0.1}),
    "AlphaDropout": (FLAT, {"rate": 0.1}),
    "SpatialDropout1D": (SERIES, {"rate": 0.1}),
    "SpatialDropout2D": (IMAGE, {"rate": 0.1}),
    "SpatialDropout3D": (VOLUME, {"rate": 0.1}),
    "GaussianDropout": (FLAT, {"rate": 0.1}),
    "GaussianNoise": (FLAT, {"stddev": 0.1}),
    "ZeroPadding1D": (SERIES, {"padding": [[1, 2]]}),
    "ZeroPadding2D": (IMAGE, {"padding": [[1, 2], [0, 3]]}),
    "ZeroPadding3D": (VOLUME, {"padding": [[1, 1], [0, 3], [2, 2]]}),
    "Cropping1D": (SERIES, {"cropping": [[1, 2]]}),
    "Cropping2D": (IMAGE, {"cropping": [[1, 2], [0, 3]]}),
    "UpSampling1D": (SERIES, {"size": [3]}),
    "UpSampling2D": (IMAGE, {"size": [2, 3], "interpolation": "bilinear"}),
    "Rescaling": (IMAGE, {"scale": 0.5, "offset": -1.0}),
    "Embedding": (WORDS, {"input_dim": 10, "output_dim": 3}),
    "LSTM": (SERIES, {"units": 5, "return_sequences": True, "dropout": 0.1}),
    "GRU": (SERIES, {"units": 5, "reset_after": False, "recurrent_dropout": 0.1}),
    "SimpleRNN": (SERIES, {"units": 5, "go_backwards": True}),
    "RandomFlip": (IMAGE, {"mode": "horizontal"}),
    "RandomRotation": (IMAGE, {"factor": 0.1}),
    "RandomZoom": (IMAGE, {"height_factor": [-0.1, 0.2], "width_factor": 0.1}),
    "RandomTranslation": (IMAGE, {"height_factor": 0.1, "width_factor": 0.1, "fill_mode": "constant"}),
    "RandomContrast": (IMAGE, {"factor": 0.3}),
    "ReLU": (FLAT, {"max_value": 3.0, "negative_slope": 0.1, "threshold": 0.5}),
    "LeakyReLU": (FLAT, {"negative_slope": 0.3}),
    "ELU": (FLAT, {"alpha": 0.5}),
    "PReLU": (IMAGE, {"shared_axes": [1, 2]}),
    "Softmax": (IMAGE, {"axis": 1}),
}
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")


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
    assert {*SINGLE, *MERGES, "Bidirectional"} == {*SPECS, *ACTIVATION_LAYERS, "Activation", "Bidirectional"}


@pytest.mark.parametrize("kind", SINGLE)
def test_a_rebuilt_layer_has_the_shape_and_the_parameters_that_the_formulas_give(rebuild, kind):
    shape, config = SINGLE[kind]
    architecture = chain(shape, (kind, config))
    assert architecture.operations[1].kind == kind
    assert_as_measured(rebuild.build(architecture), architecture)


@pytest.mark.parametrize("kind", MERGES)
def test_a_rebuilt_merge_reads_its_inputs_in_order(rebuild, kind):
    ((_, settings),) = read_layer(kind, {})
    operations = (
        *chain(FLAT, ("Dense", {"units": 5})).operations,
        Operation(kind="Dense", settings=read_layer("Dense", {"units": 5})[0].settings, inputs=(0,)),
        Operation(kind=kind, settings=settings, inputs=(2, 1)),
    )
    architecture = Architecture(operations=operations, outputs=(3,))
    assert_as_measured(rebuild.build(architecture), architecture)


@pytest.mark.parametrize("inner", ["LSTM", "GRU", "SimpleRNN"])
def test_a_bidirectional_layer_is_rebuilt_with_the_layer_inside(rebuild, inner):
    settings = read_layer(inner, {"units": 3, "return_sequences": True})[0].settings
    config = {"layer": {"class_name": inner, "config": settings}, "merge_mode": "concat", "trainable": True}
    read = Operation(kind="Input", settings={"shape": list(SERIES)})
    architecture = Architecture(
        operations=(read, Operation(kind="Bidirectional", settings=config, inputs=(0,))), outputs=(1,)
    )
    assert_as_measured(rebuild.build(architecture), architecture)


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
