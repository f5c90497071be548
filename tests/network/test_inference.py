"""A network from its summary table: what shapes and parameter counts determine, and what they do not."""

import pytest
from hypothesis import given
from network.keras_configs import build, conv, dense, dropout, flatten, input_layer, norm, pool
from network.random_networks import bounded, networks, one_by_one, read

from autograder.network.covering import disagreements
from autograder.network.diff import compare
from autograder.network.inference import architecture_from_table, graph_from_table, output_rows
from autograder.network.measure import rows
from autograder.network.table import SummaryTable, TableError, TableRow, parse_table


def table(*printed, **totals):
    """A table of rows (kind, shape without the batch axis, parameters)."""
    written = [
        TableRow(name=f"{kind.lower()}_{at}", kind=kind, shape=(None, *shape), parameters=count)
        for at, (kind, shape, count) in enumerate(printed)
    ]
    return SummaryTable(rows=tuple(written), **totals)


def table_of(network):
    """The table that Keras prints of a network, one row for each operation."""
    return table(*((row.kind, row.shape[1:], row.parameters) for row in rows(network)))


IMAGE = ("Input", (28, 28, 1), 0)
DETERMINED = {
    "units and bias": ("Dense", (28, 28, 5), 10, {"units": 5, "use_bias": True}),
    "no bias": ("Dense", (28, 28, 5), 5, {"units": 5, "use_bias": False}),
    "kernel that fits": ("Conv2D", (26, 26, 4), 40, {"filters": 4, "kernel_size": [3, 3], "padding": "valid"}),
    "padding": ("Conv2D", (28, 28, 4), 40, {"kernel_size": [3, 3], "padding": "same", "strides": [1, 1]}),
    "strides": ("Conv2D", (13, 13, 4), 40, {"kernel_size": [3, 3], "padding": "valid", "strides": [2, 2]}),
    "kernel without bias": ("Conv2D", (24, 24, 4), 100, {"kernel_size": [5, 5], "use_bias": False}),
    "kernel that is no square": ("Conv2D", (28, 26, 4), 16, {"kernel_size": [1, 3], "padding": "valid"}),
    "depthwise": ("DepthwiseConv2D", (26, 26, 1), 10, {"kernel_size": [3, 3], "padding": "valid"}),
    "pool size": ("MaxPooling2D", (7, 7, 1), 0, {"pool_size": [4, 4], "strides": [4, 4]}),
    "normalization": ("BatchNormalization", (28, 28, 1), 4, {"center": True, "scale": True}),
    "normalization with a factor less": ("BatchNormalization", (28, 28, 1), 3, {"center": True, "scale": False}),
    "border": ("ZeroPadding2D", (30, 30, 1), 0, {"padding": [[1, 1], [1, 1]]}),
    "enlarged": ("UpSampling2D", (56, 56, 1), 0, {"size": [2, 2]}),
    "global pooling that keeps the axes": ("GlobalMaxPooling2D", (1, 1, 1), 0, {"keepdims": True}),
    "reshaped": ("Reshape", (49, 16), 0, {"target_shape": [49, 16]}),
}


@pytest.mark.parametrize("name", DETERMINED)
def test_shape_and_parameters_determine_the_settings(name):
    kind, shape, count, wanted = DETERMINED[name]
    network = architecture_from_table(table(IMAGE, (kind, shape, count)))
    found = network.operations[1]
    assert found.kind == kind
    assert wanted.items() <= found.settings.items()


SEQUENCE = {
    "words": ("Embedding", (6, 8), 800, {"input_dim": 100, "output_dim": 8}, (6,)),
    "lstm": ("LSTM", (4,), 144, {"units": 4, "return_sequences": False, "use_bias": True}, (6, 4)),
    "gru of today": ("GRU", (6, 4), 120, {"return_sequences": True, "reset_after": True}, (6, 4)),
    "gru of before": ("GRU", (4,), 108, {"reset_after": False}, (6, 4)),
}


@pytest.mark.parametrize("name", SEQUENCE)
def test_layers_for_sequences_are_determined_too(name):
    kind, shape, count, wanted, source = SEQUENCE[name]
    network = architecture_from_table(table(("Input", source, 0), (kind, shape, count)))
    assert wanted.items() <= network.operations[1].settings.items()


def activations(network):
    return [one.settings["activation"] for one in network.operations if one.kind == "Activation"]


def test_without_printed_activations_they_are_the_usual_ones():
    network = architecture_from_table(table(("Dense", (5,), 20), ("Dense", (4,), 24), ("Dense", (3,), 15)))
    assert activations(network) == ["relu", "relu", "softmax"]


def test_with_printed_activations_there_are_no_others():
    network = architecture_from_table(
        table(("Dense", (5,), 20), ("Activation", (5,), 0), ("Dense", (3,), 18), ("Activation", (3,), 0))
    )
    assert activations(network) == ["relu", "softmax"]


def test_the_first_dense_layer_tells_what_it_reads():
    network = architecture_from_table(table(("Dense", (5,), 20)))
    assert network.operations[0].settings["shape"] == [3]


@pytest.mark.parametrize(
    ("first", "shape"),
    [
        (("Conv2D", (26, 26, 4), 40), [28, 28, 1]),
        (("Conv2D", (30, 30, 4), 112), [32, 32, 3]),
        (("Flatten", (784,), 0), [28, 28, 1]),
    ],
)
def test_without_an_input_row_the_usual_images_are_tried(first, shape):
    assert architecture_from_table(table(first)).operations[0].settings["shape"] == shape


def test_the_input_may_be_given():
    network = architecture_from_table(table(("Conv2D", (10, 10, 4), 40)), (None, 12, 12, 1))
    assert network.operations[0].settings["shape"] == [12, 12, 1]


REFUSED = {
    "a count that no kernel has": table(IMAGE, ("Conv2D", (26, 26, 4), 41)),
    "a shape that no pooling gives": table(IMAGE, ("MaxPooling2D", (27, 29, 1), 0)),
    "parameters that units do not divide": table(("Dense", (5,), 21)),
    "a merge": table(IMAGE, ("Add", (28, 28, 1), 0)),
    "settings that no table shows": table(IMAGE, ("RandomContrast", (28, 28, 1), 0)),
    "an image of an unusual size": table(("Conv2D", (50, 50, 4), 40)),
    "a total that is not the sum": table(IMAGE, ("Conv2D", (26, 26, 4), 40), total=41),
    "trainable parameters that do not come out": table(IMAGE, ("BatchNormalization", (28, 28, 1), 4), trainable=4),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_determines_no_network_is_refused(name):
    with pytest.raises(TableError):
        architecture_from_table(REFUSED[name])


def test_a_row_that_is_connected_to_another_one_than_the_one_before_is_refused():
    printed = table(("Dense", (5,), 20), ("Dense", (5,), 30), ("Dense", (3,), 18)).rows
    branched = SummaryTable(rows=(*printed[:2], printed[2].model_copy(update={"connected": (printed[0].name,)})))
    with pytest.raises(TableError):
        architecture_from_table(branched)


def test_what_a_table_does_not_show_is_the_usual():
    shown = build(input_layer(8, 8, 1), conv(4), norm(), pool(), dropout(0.2), flatten(), dense(3))
    network = architecture_from_table(table_of(shown))
    assert [one.settings["rate"] for one in network.operations if one.kind == "Dropout"] == [0.5]


@bounded
@given(networks().filter(one_by_one))
def test_any_network_is_read_back_from_its_table_but_for_what_no_table_shows(layers):
    network = read(layers)
    found = compare(network, architecture_from_table(table_of(network)))
    assert {(one.kind, one.settings) for one in found.deviations} <= {("different", ("rate",))}


# As Keras 3 prints it: an input above the layer that reads it, names and references cut off.
BRANCHED = """
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
│ words (InputLayer)  │ (None, 12)        │          0 │ -                 │
│ embedding_4         │ (None, 12, 8)     │        480 │ words[0][0]       │
│ (Embedding)         │                   │            │                   │
│ global_average_poo… │ (None, 8)         │          0 │ embedding_4[0][0] │
│ (GlobalAveragePool… │                   │            │                   │
│ size (InputLayer)   │ (None, 2)         │          0 │ -                 │
│ dense (Dense)       │ (None, 8)         │         24 │ size[0][0]        │
│ add (Add)           │ (None, 8)         │          0 │ dense[0][0],      │
│                     │                   │            │ global_average_p… │
│ concatenate         │ (None, 10)        │          0 │ add[0][0],        │
│ (Concatenate)       │                   │            │ size[0][0]        │
│ price (Dense)       │ (None, 1)         │         11 │ concatenate[0][0] │
│ kind (Dense)        │ (None, 3)         │         33 │ concatenate[0][0] │
Total params: 548
"""


def test_branches_are_read_from_what_the_rows_are_connected_to():
    printed = parse_table(BRANCHED)
    assert output_rows(printed) == ("price", "kind")
    network = graph_from_table(printed, {"price": "linear", "kind": "softmax"})
    operations = network.operations
    assert [one.label for one in operations[:2]] == ["words", "size"]
    join = next(one for one in operations if one.kind == "Concatenate")
    assert [operations[at].kind for at in join.inputs] == ["Add", "Input"]
    assert activations(network) == ["relu", "softmax"]
    assert [operations[at].label for at in network.outputs] == ["price", "kind"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "add[0][0], ",
            "adds[0][0],",
            r'Row 7 \(concatenate\) reads "adds", which is no row above it; names',
        ),
        (" size[0][0]        │\n│ price", "                   │\n│ price", r"reads 1 rows \(add\): a layer that joins"),
        ("│ (None, 1)         │         11", "│ (None, 1)         │         12", "no Dense makes"),
        ("│ kind (Dense) ", "│ price (Dense)", "a name of its own"),
    ],
)
def test_a_table_that_determines_no_branches_is_refused(old, new, message):
    assert old in BRANCHED
    with pytest.raises(TableError, match=message):
        graph_from_table(parse_table(BRANCHED.replace(old, new)), {})


def test_rows_of_branches_cover_the_operations_that_read_the_same():
    """Two branches of the same kinds, printed in the other order than the network has them."""

    def printed(*names):
        rows = {
            "left": ("Dense", (4,), 12, "image"),
            "right": ("Dense", (4,), 12, "image"),
            "small": ("Dense", (2,), 10, "left"),
            "large": ("Dense", (3,), 15, "right"),
            "both": ("Concatenate", (5,), 0, "small large"),
        }
        made = [TableRow(name="image", kind="Input", shape=(None, 2), parameters=0)]
        for name in names:
            kind, shape, count, reads = rows[name]
            made.append(
                TableRow(name=name, kind=kind, shape=(None, *shape), parameters=count, connected=tuple(reads.split()))
            )
        return SummaryTable(rows=tuple(made))

    network = graph_from_table(printed("left", "right", "small", "large", "both"), {})
    other = printed("right", "left", "large", "small", "both")
    assert not disagreements(other, network)
    wrong = other.model_copy(update={"rows": tuple(row.model_copy(update={"parameters": 0}) for row in other.rows)})
    assert disagreements(wrong, network)
