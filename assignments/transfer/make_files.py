"""Makes the two files of this assignment: `base.keras` and `digits.npz`.

    python assignments/transfer/make_files.py

scikit-learn's digits (8 x 8 pixels from 0 to 16, 1,797 of them) are divided by what they show: the base network learns
to tell 5 to 9 apart, and students get the images of 0 to 4, which it has never seen. Equal versions of the libraries
give equal files; other versions give other weights, and the two digests in assignment.toml have to be written again.
"""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

FOLDER = Path(__file__).parent
# The date in an archive may not make equal contents differ.
DATE = (2026, 1, 1, 0, 0, 0)


def split_digits():
    """Images and digits from 0 to 4, and from 5 to 9, each in a fixed order."""
    data = load_digits()
    images, digits = data.images.astype(np.uint8), data.target.astype(np.uint8)
    order = np.random.RandomState(1).permutation(len(images))
    images, digits = images[order], digits[order]
    return (images[digits < 5], digits[digits < 5]), (images[digits > 4], digits[digits > 4] - 5)


def base_network():
    """The network of `base.keras`, untrained."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="base_input"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="base_conv_1"),
            layers.MaxPooling2D(name="base_pool"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="base_conv_2"),
            layers.Flatten(name="base_flatten"),
            layers.Dense(32, activation="relu", name="base_features"),
            layers.Dense(5, activation="softmax", name="base_digits"),
        ],
        name="base",
    )


def undated(path):
    """Write the archive again without dates."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if "metadata.json" in members:
        metadata = json.loads(members["metadata.json"])
        members["metadata.json"] = json.dumps({**metadata, "date_saved": "2026-01-01@00:00:00"}).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, DATE), members[name])


def main():
    """Write both files next to this one."""
    (low, low_digits), (high, high_digits) = split_digits()
    keras.utils.set_random_seed(1)
    base = base_network()
    base.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    pixels = high[..., np.newaxis] / 16
    base.fit(pixels[:700], high_digits[:700], validation_data=(pixels[700:], high_digits[700:]), epochs=25, verbose=2)
    trained = base_network()
    trained.set_weights(base.get_weights())  # without the state of the optimizer, which would triple the file
    trained.save(FOLDER / "base.keras")
    undated(FOLDER / "base.keras")
    np.savez_compressed(FOLDER / "digits.npz", x=low, y=low_digits)
    undated(FOLDER / "digits.npz")


if __name__ == "__main__":
    main()
