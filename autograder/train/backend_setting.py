"""Which library computes under Keras when networks are trained: a setting of the machine."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version

from autograder.core.errors import UserError

VARIABLE = "AUTOGRADER_BACKEND"
BACKENDS = ("tensorflow", "jax")


class NoSuchBackend(UserError):
    """The setting names a backend that there is not; the message says what to do."""


def chosen_backend() -> str:
    """What `AUTOGRADER_BACKEND` says, TensorFlow where it says nothing. Students' notebooks are not touched by it.

    Raises:
        NoSuchBackend: it is none of ours, or is not installed.
    """
    chosen = os.environ.get(VARIABLE) or BACKENDS[0]
    if chosen not in BACKENDS:
        raise NoSuchBackend(f'{VARIABLE} is "{chosen}"; networks can be trained with {" or ".join(BACKENDS)}.')
    try:
        version(chosen)
    except PackageNotFoundError:
        if chosen == "tensorflow":  # its builds have several names: tensorflow-cpu, for one
            return chosen
        raise NoSuchBackend(
            f"{VARIABLE} asks for {chosen}, which is not installed here: pip install 'keras-autograder[{chosen}]'."
        ) from None
    return chosen
