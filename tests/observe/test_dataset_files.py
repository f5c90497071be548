"""Data of a course's own lies beside the notebook, under the names that students use."""

import numpy as np
import pytest
from PIL import Image

from autograder.datasets import Declaration, resolve
from autograder.observe.limits import Limits
from autograder.records.cell_errors import NO_DATASET

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A table, arrays of more than a MiB, a folder of images, and reviews as Keras publishes them."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "data").mkdir()
    (folder / "data" / "houses.csv").write_text("rooms,price\n" + "".join(f"{row},{2.5 * row}\n" for row in range(30)))
    np.savez(folder / "flowers.npz", x_train=np.ones((400, 700), np.float32), y_train=np.arange(400) % 5)
    for number in range(4):
        path = folder / "photos" / ("cats" if number % 2 else "dogs") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 20 * number).save(path)
    reviews = np.empty(6, dtype=object)
    reviews[:] = [[5, 6, 7 + row] for row in range(6)]
    keras = folder / "keras" / "datasets"
    keras.mkdir(parents=True)
    labels = np.array([0, 1, 0, 1, 0, 1])
    np.savez(keras / "imdb.npz", x_train=reviews, y_train=labels, x_test=reviews, y_test=labels)
    np.savez(keras / "boston_housing.npz", x=np.ones((50, 13)), y=np.linspace(5, 50, 50))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(folder / "keras"))
        patch.delenv("AUTOGRADER_DATA", raising=False)
        tables = {
            "houses": {"csv": "data/houses.csv", "target": "price"},
            "flowers": {"npz": "flowers.npz"},
            "photos": {"images": "photos"},
            "reviews": {"keras": "imdb"},
            "boston": {"keras": "boston_housing"},
            "iris": {"sklearn": "iris"},
        }
        return tuple(resolve(name, Declaration(**table), folder) for name, table in tables.items())


READS = {
    "a table": "import pandas as pd\nn = len(pd.read_csv('data/houses.csv'))",
    "a table by Colab's path": "n = len(pd.read_csv('/content/drive/MyDrive/data/houses.csv'))",
    "arrays": "import numpy as np\nn = np.load('flowers.npz')['x_train'].shape[1]",
    "arrays by Kaggle's path": "n = np.load('/kaggle/input/flowers/flowers.npz')['y_train'].shape[0]",
    "in another program": "import subprocess\nn = len(subprocess.check_output(['cat', 'flowers.npz'])) > 2**20",
    "a folder of images": "import keras\n"
    "n = sum(len(y) for _, y in keras.utils.image_dataset_from_directory('photos', image_size=(8, 8)))",
    "a folder of images by Colab's path": "import tensorflow as tf\n"
    "n = len(tf.keras.utils.image_dataset_from_directory('/content/photos', image_size=(8, 8)).class_names)",
    "the names of the images": "import os\n"
    "n = ' '.join(sorted(name for _, _, names in os.walk('photos') for name in names))",
    "Keras' reviews": "(x, y), _ = keras.datasets.imdb.load_data(num_words=9)\nn = max(map(max, x))",
    "Keras' reviews by TensorFlow": "(x, y), _ = tf.keras.datasets.imdb.load_data(maxlen=5)\nn = len(x)",
    "Keras' houses": "(x, y), (xt, yt) = keras.datasets.boston_housing.load_data(test_split=0.4)\nn = len(xt)",
    "a package's data": "from sklearn.datasets import load_iris\nn = load_iris(return_X_y=True)[0].shape[0]",
    "read-only": """
n = 0
for name in ('data/houses.csv', 'flowers.npz'):
    try:
        with open(name, 'r+b') as file:
            file.write(b'x' * 100)
    except OSError:
        n += 1
""",
    "the others": "keras.datasets.reuters.load_data()",
}


def test_every_kind_is_read_as_in_the_students_own_notebook(observe, sources):
    limits = Limits(cell_seconds=60, total_seconds=300)
    cells = [
        f"{source}\na{number} = n" if name != "the others" else source
        for number, (name, source) in enumerate(READS.items())
    ]
    names = tuple(f"a{number}" for number in range(len(READS) - 1))
    evidence = observe(*cells, variables=names, sources=sources, limits=limits)
    failures = {
        name: str(cell.failure.message) for name, cell in zip(READS, evidence.cells, strict=True) if cell.failure
    }
    assert failures == {"the others": NO_DATASET.format(name="reuters")}
    values = {name: value.value for name, value in zip(READS, (evidence.value(one) for one in names), strict=False)}
    assert values == {
        "a table": 30,
        "a table by Colab's path": 30,
        "arrays": 700,
        "arrays by Kaggle's path": 400,
        "in another program": True,
        "a folder of images": 4,
        "a folder of images by Colab's path": 2,
        "the names of the images": "0.png 1.png 2.png 3.png",
        "Keras' reviews": 8,
        "Keras' reviews by TensorFlow": 6,
        "Keras' houses": 20,
        "a package's data": 150,
        "read-only": 2,
    }
    assert not evidence.files


def test_large_files_get_disk_and_memory_unless_these_are_set(sources):
    large = sources[1].model_copy(update={"file_mb": 400, "array_mb": 500})
    fitted = Limits().fitting((), (large,))
    assert (fitted.disk_mb, fitted.memory_mb) == (656, 1024 + 2000 + 400)
    assert Limits(disk_mb=9, memory_mb=64).fitting((), (large,)) == Limits(disk_mb=9, memory_mb=64)
    assert Limits().fitting((), sources[:1]).memory_mb == 2048
