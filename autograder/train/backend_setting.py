"""The Keras backend for training: a setting of the machine."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version

from autograder.core.errors import UserError

VARIABLE = "AUTOGRADER_BACKEND"
BACKENDS = ("tensorflow", "jax")


class NoSuchBackend(UserError):
    """The setting names a backend that does not exist or is not installed; the message says what to do."""


def chosen_backend() -> str:
    """The value of `AUTOGRADER_BACKEND`, by default TensorFlow. It does not affect students' notebooks.

    Raises:
        NoSuchBackend: the backend is not supported or not installed.
    """
    chosen = os.environ.get(VARIABLE) or BACKENDS[0]
    if chosen not in BACKENDS:
        raise NoSuchBackend(f'{VARIABLE} is "{chosen}"; networks can be trained with {" or ".join(BACKENDS)}.')
    try:
        version(chosen)
    except PackageNotFoundError:
        if chosen == "tensorflow":  # its builds have several names, such as tensorflow-cpu
            return chosen
        raise NoSuchBackend(
            f"{VARIABLE} asks for {chosen}, which is not installed here: pip install 'keras-autograder[{chosen}]'."
        ) from None
    return chosen
