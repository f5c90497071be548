"""What belongs to Colab, Kaggle or a machine with a GPU does not take the rest of its cell along."""

from __future__ import annotations

import pytest

from autograder.network.canonical import canonicalize
from autograder.network.measure import totals
from tests.observe.conftest import Observe

pytestmark = pytest.mark.slow


def test_cells_of_colab_run_and_are_named(observe: Observe) -> None:
    evidence = observe(
        "%tensorflow_version 2.x\nimport keras",
        "!pip install -q keras-tuner\n!nvidia-smi\n%pip install x\nimport sys\n!{sys.executable} -m pip install x",
        "from google.colab import drive, files\ndrive.mount('/content/drive')\nup = files.upload()",
        "%cd /content/drive/My Drive/course\nx = 1",
        "import os\nx = 2\nos.kill(os.getpid(), 9)",
        "open('a.csv', 'w').write('1,2')\nimport pandas\n"
        "rows = len(pandas.read_csv('/content/drive/MyDrive/data/a.csv', header=None))",
        variables=("up", "x", "rows"),
    )
    assert [cell.status for cell in evidence.cells] == ["ok"] * 6
    assert {value.name: value.value for value in evidence.values} == {"up": [], "x": 2, "rows": 1}
    assert {note.code for note in evidence.notes} == {
        "elsewhere.command",
        "elsewhere.module",
        "elsewhere.path",
        "elsewhere.restart",
    }


def test_paths_of_colab_and_kaggle_are_found_by_name_and_can_be_written_to(observe: Observe) -> None:
    evidence = observe(
        "import os, pandas, numpy as np, keras\nos.makedirs('/content/data/sub')\n"
        "pandas.DataFrame({'a': [1]}).to_csv('/content/data/sub/a.csv', index=False)",
        "open('b.csv', 'w').write('b\\n2')\nhere = os.path.exists('/content/b.csv')\n"
        "rows = [len(pandas.read_csv(f'{folder}/b.csv')) for folder in ('../input/set', '/kaggle/input/set')]\n"
        "files = [name for _, _, names in os.walk('/kaggle/input') for name in names if name.endswith('.csv')]",
        "net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
        "net.save('/content/drive/MyDrive/nets/net.h5')\nkeras.models.load_model('/content/drive/MyDrive/nets/net.h5')",
        "gone = os.path.exists('/content/c.csv')\nopen('/somewhere/else.csv')",
        variables=("here", "rows", "files", "gone"),
    )
    assert [cell.status for cell in evidence.cells] == ["ok", "ok", "ok", "error"]
    values = {value.name: value.value for value in evidence.values}
    assert values == {"here": True, "rows": [1, 1], "files": ["b.csv", "a.csv"], "gone": False}


def test_tensorflow_finds_the_paths_of_colab_too(observe: Observe) -> None:
    evidence = observe(
        "import os, numpy as np, tensorflow as tf, keras\nfrom PIL import Image\n"
        "for name in ('cat', 'dog'):\n    os.makedirs(f'photos/{name}')\n"
        "    Image.fromarray(np.zeros((4, 4, 3), 'uint8')).save(f'photos/{name}/a.png')\n"
        "open('a.txt', 'w').write('1\\n2')",
        "size = len(tf.io.read_file('/content/a.txt').numpy())\n"
        "lines = [int(one.numpy()) for one in tf.data.TextLineDataset('/content/drive/MyDrive/a.txt')]",
        "ds = keras.utils.image_dataset_from_directory('/content/photos', image_size=(4, 4))\n"
        "shape = list(next(iter(ds))[0].shape)",
        "files = tf.data.Dataset.list_files('/kaggle/input/photos/*/*.png', shuffle=False)\n"
        "images = files.map(lambda path: tf.io.decode_png(tf.io.read_file(path)))\nseen = len(list(images))",
        "there = [tf.io.gfile.exists('/content/a.txt'), tf.io.gfile.exists('/content/b.txt')]\n"
        "text = tf.io.gfile.GFile('/content/a.txt').read()\nlate = next(iter(tf.data.Dataset.from_tensors("
        "'/content/a.txt').map(tf.io.read_file))).numpy().decode()",
        variables=("size", "lines", "shape", "seen", "there", "text", "late"),
    )
    assert [cell.failure and cell.failure.message for cell in evidence.cells] == [None] * 5
    assert {value.name: value.value for value in evidence.values} == {
        "size": 3,
        "lines": [1, 2],
        "shape": [2, 4, 4, 3],
        "seen": 2,
        "there": [True, False],
        "text": "1\n2",
        "late": "1\n2",
    }


def test_drawings_and_boards_that_cannot_be_made_here_stop_no_cell(observe: Observe) -> None:
    evidence = observe(
        "import keras, numpy as np\nnet = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
        "keras.utils.plot_model(net, show_shapes=True)\nfrom IPython.display import SVG\n"
        "SVG(keras.utils.model_to_dot(net).create(prog='dot', format='svg'))",
        "%load_ext tensorboard\nnet.compile('sgd', 'mse')\n"
        "net.fit(np.ones((4, 3)), np.ones(4), callbacks=[keras.callbacks.TensorBoard('./logs')])\n"
        "%tensorboard --logdir logs",
        keras="3",
    )
    assert [cell.status for cell in evidence.cells] == ["ok", "ok"]


def test_a_module_that_the_notebook_writes_can_be_imported(observe: Observe) -> None:
    evidence = observe(
        "%%writefile net.py\ndef build():\n    return 7", "from net import build\nx = build()", variables=("x",)
    )
    value = evidence.value("x")
    assert value is not None
    assert value.value == 7


def test_one_missing_package_takes_nothing_else_along_and_is_told_at_its_line(observe: Observe) -> None:
    evidence = observe("import tensorflow_addons\nimport keras\nx = 1 + 1", "y = x + 1", variables=("x", "y"))
    first, second = evidence.cells
    assert (first.status, second.status) == ("error", "ok")
    assert first.failure is not None
    assert (first.failure.name, first.failure.line) == ("ModuleNotFoundError", 1)
    assert {value.name: value.value for value in evidence.values} == {"x": 2, "y": 3}


def test_a_misspelt_import_ends_its_cell_after_the_other_imports(observe: Observe) -> None:
    evidence = observe("import nunpy\nimport math\nx = 1", "y = math.floor(2.5)", variables=("x", "y"))
    assert [cell.status for cell in evidence.cells] == ["error", "ok"]
    assert {value.name: value.value for value in evidence.values} == {"y": 2}


def test_a_missing_name_takes_no_other_name_of_its_line_along(observe: Observe) -> None:
    evidence = observe("from math import floor, flor, pi", "y = floor(pi)", variables=("y",))
    assert [cell.status for cell in evidence.cells] == ["error", "ok"]


def test_images_with_their_channels_first_train_without_a_gpu(observe: Observe) -> None:
    evidence = observe(
        "import keras, numpy as np\nkeras.backend.set_image_data_format('channels_first')\nnet = keras.Sequential([\n"
        "    keras.Input((1, 8, 8)), keras.layers.Conv2D(2, 3), keras.layers.MaxPooling2D(), keras.layers.Flatten(),\n"
        "    keras.layers.Dense(1)])\nnet.compile('sgd', 'mse')\nnet.fit(np.ones((4, 1, 8, 8)), np.ones(4))",
        "keras.backend.set_image_data_format('channels_last')\nlast = keras.Sequential([\n"
        "    keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.MaxPooling2D(), keras.layers.Flatten(),\n"
        "    keras.layers.Dense(1)])",
    )
    assert [cell.status for cell in evidence.cells] == ["ok", "ok"]
    first, last = (canonicalize(one.class_name, one.config or {}) for one in evidence.networks)
    assert first == last


def test_an_import_that_the_notebook_guards_itself_stays_its_own(observe: Observe) -> None:
    evidence = observe("try:\n    import tensorflow_addons\nexcept ImportError:\n    x = 5", variables=("x",))
    assert evidence.cells[0].status == "ok"


def test_asking_for_a_gpu_does_not_end_the_cell(observe: Observe) -> None:
    evidence = observe(
        "import tensorflow as tf\ngpus = tf.config.list_physical_devices('GPU')\n"
        "tf.config.experimental.set_memory_growth(gpus[0], True)\nx = 3",
        variables=("x",),
    )
    assert evidence.cells[0].failure is not None
    assert evidence.cells[0].failure.line == 3
    value = evidence.value("x")
    assert value is not None
    assert value.value == 3


def test_tensorflow_datasets_gives_the_data_sets_of_the_exercise(observe: Observe) -> None:
    evidence = observe(
        "import tensorflow_datasets as tfds\nimport tensorflow as tf\n"
        "(train, test), info = tfds.load('mnist', split=['train', 'test'], as_supervised=True, with_info=True)\n"
        "sizes = [len(train), len(test), info.splits['train'].num_examples, info.features['label'].num_classes]",
        "image, label = next(iter(train.map(lambda x, y: (x / 255, y)).batch(32)))\n"
        "shape = list(image.shape) + list(label.shape)",
        "parts = tfds.load('mnist', split=['train[:80%]', 'train[80%:]', 'train[-5:]+test[:3]'])\n"
        "slices = [len(one) for one in parts]\nkeys = sorted(next(iter(parts[0])))",
        "first = next(iter(tfds.as_numpy(tfds.load('mnist')['test'])))\nkind = str(first['image'].dtype)\n"
        "whole = list(tfds.as_numpy(tfds.load('mnist', split='test', batch_size=-1))['image'].shape)",
        "import keras\nlayers = [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]\n"
        "m = keras.Sequential(layers)\n"
        "m.compile('adam', keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])\n"
        "h = m.fit(train.batch(128), epochs=1, validation_data=test.batch(128)).history",
        "tfds.load('imagenet2012')",
        datasets=("mnist",),
        variables=("sizes", "shape", "slices", "keys", "kind", "whole"),
    )
    assert [cell.status for cell in evidence.cells] == ["ok"] * 5 + ["error"]
    assert evidence.cells[5].failure is not None
    assert evidence.cells[5].failure.name == "DatasetUnavailable"
    assert {
        value.name: list(value.value) if isinstance(value.value, tuple) else value.value for value in evidence.values
    } == {
        "sizes": [60000, 10000, 60000, 10],
        "shape": [32, 28, 28, 1, 32],
        "slices": [48000, 12000, 8],
        "keys": ["image", "label"],
        "kind": "uint8",
        "whole": [10000, 28, 28, 1],
    }
    assert "elsewhere.tfds" in {note.code for note in evidence.notes}


def test_a_network_is_drawn_without_graphviz(observe: Observe) -> None:
    evidence = observe(
        "import keras\nfrom keras.utils import plot_model\nfrom IPython.display import Image, SVG\n"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])",
        "plot_model(model, to_file='net.png', show_shapes=True)",
        "Image('net.png')",
        "import tensorflow as tf\nSVG(tf.keras.utils.model_to_dot(model).create(prog='dot', format='svg'))",
        "plot_model(5)",
    )
    assert [cell.status for cell in evidence.cells] == ["ok"] * 4 + ["error"]
    assert any("image/png" in output.get("data", {}) for output in evidence.cells[1].outputs)
    assert {note.code for note in evidence.notes} == {"elsewhere.graphviz"}
    assert not evidence.figures


def test_pretrained_networks_are_built_with_random_weights(observe: Observe) -> None:
    evidence = observe(
        "import keras\nfrom keras.applications import MobileNet\n"
        "base = MobileNet((128, 128, 3), alpha=0.25, include_top=False, weights='imagenet', pooling='avg')\n"
        "base.trainable = False\n"
        "model = keras.Sequential([base, keras.layers.Dense(2)])\ncounted = base.count_params()",
        "keras.applications.MobileNet(input_shape=(128, 128, 5), include_top=False)",
        "base.load_weights('mine.weights.h5')",
        variables=("counted",),
    )
    assert [cell.status for cell in evidence.cells] == ["ok", "error", "error"]
    assert evidence.cells[1].failure is not None
    assert "must have 3 channels" in evidence.cells[1].failure.message
    assert {value.name: value.value for value in evidence.values} == {"counted": 218_544}
    assert [note.code for note in evidence.notes] == ["elsewhere.pretrained"]
    (network,) = (one for one in evidence.networks if one.name == "model")
    found = canonicalize(network.class_name, network.config)
    assert totals(found).trainable == 256 * 2 + 2


def test_preprocessing_inside_a_network_is_read_and_computes_the_same(observe: Observe) -> None:
    made = (
        "pixels = keras.Input((8, 8, 3))\n"
        "{name} = keras.Model(pixels, keras.applications.{module}.preprocess_input(pixels))"
    )
    evidence = observe(
        "import keras\nimport numpy as np\nimages = np.random.RandomState(1).uniform(0, 255, (2, 8, 8, 3))\n"
        "away = {}\ndef compare(name, network):\n"
        "    expected = getattr(keras.applications, name).preprocess_input(images.copy())\n"
        "    away[name] = float(abs(network.predict(images, verbose=0) - expected).max())",
        made.format(name="vgg", module="vgg16") + "\ncompare('vgg16', vgg)",
        made.format(name="dense", module="densenet") + "\ncompare('densenet', dense)",
        "base = keras.applications.EfficientNetB0(weights='imagenet', include_top=False, input_shape=(32, 32, 3))\n"
        "largest = max(away.values())",
        variables=("largest",),
    )
    assert [cell.status for cell in evidence.cells] == ["ok"] * 4
    assert evidence.values[0].value < 1e-3
    read = {one.name: canonicalize(one.class_name, one.config) for one in evidence.networks}
    assert [one.kind for one in read["dense"].operations] == ["Input", "Rescaling"]
    assert [one.kind for one in read["vgg"].operations[-2:]] == ["Permute", "Rescaling"]
    dropped = [one.settings for one in read["base"].operations if one.kind == "Dropout"]
    assert {tuple(one["noise_shape"]) for one in dropped} == {(None, 1, 1, 1)}
    assert totals(read["base"]).total == 4_049_571
