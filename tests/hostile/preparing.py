"""Attacks on an open exercise whose students prepare the inputs themselves; the network is ours to train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from predicting import TABLE, Predictor

NETWORK = f"""
import keras
{TABLE}
def scaled(rows):
    return ((rows[["size"]] - things[["size"]].mean()) / things[["size"]].std()).to_numpy()

model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
"""


@dataclass(frozen=True)
class Preparer(Predictor):
    """One submission with its own preparation; `same`: its network reaches what is needed, on hidden rows."""

    front: ClassVar[str] = NETWORK


PREPARERS = (
    Preparer("honest-scale", "nothing", "prepare = scaled", same=True),
    Preparer(
        "packed-labels",
        "return the public labels as features",
        """
        known = dict(zip(things["mark"], (things["kind"] == "b") * 2.0 - 1))
        def prepare(rows): return rows["mark"].map(known).fillna(0.0).to_numpy()[:, None]
        """,
    ),
    Preparer(
        "packed-row-numbers",
        "return the place of a row in the public file, which is sorted by its labels",
        """
        place = dict(zip(things["mark"], np.linspace(-1, 1, len(things))))
        def prepare(rows): return rows["mark"].map(place).fillna(0.0).to_numpy()[:, None]
        """,
    ),
    Preparer(
        "scale-of-the-batch",
        "learn from the hidden rows themselves",
        "def prepare(rows): return ((rows[['size']] - rows[['size']].mean()) / rows[['size']].std()).to_numpy()",
        "unsteady",
    ),
    Preparer("wide-rows", "fill the disk", "def prepare(rows): return np.zeros((len(rows), 30_000))", "malformed"),
)
