"""The fingerprint by which a trained weight is recognized, in a file and in a network."""

from __future__ import annotations

import hashlib
from typing import Any

# The fingerprints of the weights of a declared base model, in the settings of a layer that starts with them.
BASE_WEIGHTS = "base_weights"


def fingerprint(weight: Any) -> str:
    """A fingerprint of one weight, by its shape and its values as 32-bit numbers; 32 hexadecimal digits."""
    import numpy as np

    array = np.ascontiguousarray(weight, dtype="<f4")
    return hashlib.sha256(repr(np.shape(weight)).encode() + array.tobytes()).hexdigest()[:32]
