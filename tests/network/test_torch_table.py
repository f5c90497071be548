"""Tables of PyTorch networks: torchsummary, torchinfo and print(model), with marked rows."""

import json
from pathlib import Path

import pytest

from autograder.network.canonical import canonicalize
from autograder.network.covering import disagreements, marked_operations
from autograder.network.measure import rows
from autograder.network.table import TableError, parse_table
from autograder.network.torch.reader import read_description

DESCRIPTIONS = json.loads((Path(__file__).parent / "torch_descriptions.json").read_text())
NETWORK = read_description(DESCRIPTIONS["cnn2_functional"])
SEQUENTIAL = read_description(DESCRIPTIONS["cnn2_sequential"])

SUMMARY = """
----------------------------------------------------------------
        Layer (type)               Output Shape         Param #
================================================================
            Conv2d-1           [-1, 32, 28, 28]             320
       BatchNorm2d-2           [-1, 32, 28, 28]              64
            Conv2d-3           [-1, 32, 28, 28]           9,248
       BatchNorm2d-4           [-1, 32, 28, 28]              64
         MaxPool2d-5           [-1, 32, 14, 14]               0
            Conv2d-6           [-1, 64, 14, 14]          18,496
       BatchNorm2d-7           [-1, 64, 14, 14]             128
# --- START of the missing layers
            Conv2d-8           [-1, 64, 14, 14]          36,928
       BatchNorm2d-9           [-1, 64, 14, 14]             128
# --- END of the missing layers
           Linear-10                  [-1, 200]         627,400
      BatchNorm1d-11                  [-1, 200]             400
           Linear-12                   [-1, 10]           2,010
================================================================
Total params: 695,186
Trainable params: 695,186
Non-trainable params: 0
----------------------------------------------------------------
Input size (MB): 0.00
Forward/backward pass size (MB): 1.81
"""

INFO = """
==========================================================================================
Layer (type:depth-idx)                   Output Shape              Param #
==========================================================================================
Sequential                               [64, 10]                  --
├─Conv2d: 1-1                            [64, 32, 28, 28]          320
├─BatchNorm2d: 1-2                       [64, 32, 28, 28]          64
├─ReLU: 1-3                              [64, 32, 28, 28]          --
├─Conv2d: 1-4                            [64, 32, 28, 28]          9,248
├─BatchNorm2d: 1-5                       [64, 32, 28, 28]          64
├─ReLU: 1-6                              [64, 32, 28, 28]          --
├─MaxPool2d: 1-7                         [64, 32, 14, 14]          --
├─Sequential: 1-8                        [64, 64, 14, 14]          --
│    └─Conv2d: 2-1                       [64, 64, 14, 14]          18,496
│    └─BatchNorm2d: 2-2                  [64, 64, 14, 14]          128
│    └─ReLU: 2-3                         [64, 64, 14, 14]          --
--- START
├─Conv2d: 1-9                            [64, 64, 14, 14]          36,928
├─BatchNorm2d: 1-10                      [64, 64, 14, 14]          128
├─ReLU: 1-11                             [64, 64, 14, 14]          --
├─MaxPool2d: 1-12                        [64, 64, 7, 7]            --
--- END
├─Flatten: 1-13                          [64, 3136]                --
├─Linear: 1-14                           [64, 200]                 627,400
├─BatchNorm1d: 1-15                      [64, 200]                 400
├─Dropout: 1-16                          [64, 200]                 --
├─ReLU: 1-17                             [64, 200]                 --
├─Linear: 1-18                           [64, 10]                  2,010
==========================================================================================
Total params: 695,186
Trainable params: 695,186
Non-trainable params: 0
Total mult-adds (Units.GIGABYTES): 1.17
==========================================================================================
"""

PRINTED = """
Functional(
  (conv1): Conv2d(1, 32, kernel_size=(3, 3), stride=(1, 1), padding=same)
  (bn1): BatchNorm2d(32, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  (conv2): Conv2d(32, 32, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (bn2): BatchNorm2d(32, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  (conv3): Conv2d(32, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (bn3): BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  # START
  (conv4): Conv2d(64, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (bn4): BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  # END
  (fc1): Linear(in_features=3136, out_features=200, bias=True)
  (bn5): BatchNorm1d(200, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  (fc2): Linear(in_features=200, out_features=10, bias=True)
)
"""


@pytest.mark.parametrize(
    ("text", "network"), [(SUMMARY, NETWORK), (INFO, SEQUENTIAL), (PRINTED, NETWORK), (PRINTED, SEQUENTIAL)]
)
def test_a_table_agrees_with_its_network_and_marks_the_missing_layers(text, network):
    table = parse_table(text)
    assert disagreements(table, network) == ()
    marked = [network.operations[place].kind for place in sorted(marked_operations(table, network))]
    assert marked == ["Conv2D", "BatchNormalization", "Activation", "MaxPooling2D"]
    assert sum(row.parameters for row in table.rows) == sum(row.parameters for row in rows(network)) == 695_970


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Conv2d-8           [-1, 64, 14, 14]          36,928", "Conv2d-8   [-1, 64, 14, 14]   36,864", "36,864"),
        ("[-1, 64, 14, 14]          18,496", "[-1, 64, 12, 12]          18,496", "12, 12"),
        ("Total params: 695,186", "Total params: 695,970", "696,754"),
        ("           Linear-12                   [-1, 10]           2,010\n", "", "after the last row"),
    ],
)
def test_a_table_of_another_network_is_noticed(before, after, said):
    assert before in SUMMARY
    found = disagreements(parse_table(SUMMARY.replace(before, after)), NETWORK)
    assert said in " ".join(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SUMMARY.replace("# --- END of the missing layers\n", ""), "no line after"),
        (SUMMARY.replace("# --- START of the missing layers\n", ""), "no line before"),
        (SUMMARY.replace("MaxPool2d-5           [-1, 32, 14, 14]               0", "Wavelet-5 [-1, 3] 12"), "Wavelet"),
    ],
)
def test_a_damaged_table_is_refused_in_words(text, said):
    with pytest.raises(TableError, match=said):
        parse_table(text)


def test_flattening_after_global_pooling_has_a_row_and_no_layer():
    text = """
Sequential(
  (0): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1))
  (1): AdaptiveAvgPool2d(output_size=1)
  (2): Flatten(start_dim=1, end_dim=-1)
  # START
  (3): Linear(in_features=4, out_features=3, bias=True)
  # END
)
"""
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 28, 28, 1]}},
        {"class_name": "Conv2D", "config": {"filters": 4, "kernel_size": 3}},
        {"class_name": "GlobalAveragePooling2D", "config": {}},
        {"class_name": "Dense", "config": {"units": 3}},
    ]
    described = [{"module": "keras.layers", "registered_name": None, **layer} for layer in layers]
    network = canonicalize("Sequential", {"name": "model", "layers": described})
    assert disagreements(parse_table(text), network) == ()
    assert [network.operations[place].kind for place in marked_operations(parse_table(text), network)] == ["Dense"]
