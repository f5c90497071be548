"""How an example of the exercise may enter a network of PyTorch that was never called."""

import pytest

from autograder.observe.torch.input_shapes import fits, way_of_first_layer, ways_to_read


@pytest.mark.parametrize(
    ("examples", "ways"),
    [
        ([[28, 28]], [[(None, 1, 28, 28)], [(None, 28, 28)], [(None, 784)]]),
        ([[32, 32, 3]], [[(None, 3, 32, 32)], [(None, 32, 32, 3)], [(None, 3072)]]),
        ([[13]], [[(None, 13)]]),
        ([[13], [4, 2]], [[(None, 13), (None, 4, 2)]]),
        ([[]], []),
        ([], []),
    ],
)
def test_images_vectors_and_several_inputs(examples, ways):
    assert ways_to_read(examples) == ways


def test_what_does_not_fit_or_cannot_be_listed_is_not_taken():
    layer = {"kind": "Linear"}
    assert fits({"operations": [layer]})
    assert not fits({"operations": [layer, {**layer, "misfit": "RuntimeError"}]})
    assert not fits({"problem": "data_dependent", "operations": []})


def test_a_first_dense_layer_says_what_it_reads():
    nn = pytest.importorskip("torch.nn", reason="needs torch: make torch")
    assert way_of_first_layer(nn.Sequential(nn.Flatten(), nn.Linear(20, 5), nn.Linear(5, 2))) == [[(None, 20)]]
    assert way_of_first_layer(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(20, 5))) == []
