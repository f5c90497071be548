"""The backend-specific parts of training, for TensorFlow and JAX; the rest is plain Keras. Imported only with Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

BACKEND = keras.config.backend()


def prepare_device() -> str:
    """Make the backend deterministic and return its device: "cpu", or "gpu:" and the GPU's name.

    On a CPU it uses one thread: the number of threads changes the order of sums and so the result, and two parallel
    runs with one thread each are faster than two consecutive runs with two.
    """
    if BACKEND == "jax":
        import jax

        device = jax.devices()[0]
        return f"gpu:{device.device_kind}" if device.platform in ("gpu", "cuda", "rocm") else "cpu"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    return f"gpu:{tf.config.experimental.get_device_details(gpus[0]).get('device_name', 'unknown')}" if gpus else "cpu"


def training_steps(model: keras.Model) -> Callable[[Any, Any], NDArray[np.float64]]:
    """How a compiled model is trained: by a function of the batches' inputs and targets, arrays of the shape (steps,
    rows, ...) or lists of such, which makes all the steps and returns (steps, 2): the accuracy (0 if the model does not
    measure it) and the loss of each.

    TensorFlow makes them in one call: a call for each takes 0.7 ms more, as long as a step of a small network.
    """
    if BACKEND != "tensorflow":
        return lambda x, y: np.array(
            [_one_step(model, x, y, number) for number in range(len(keras.tree.flatten(x)[0]))]
        )
    import tensorflow as tf

    def step(batch: tuple[Any, Any]) -> Any:
        logs = model.train_step(batch)
        measured = tf.stack([tf.cast(logs.get("accuracy", 0.0), tf.float32), tf.cast(logs["loss"], tf.float32)])
        model.reset_metrics()  # after the step, which creates them
        return measured

    def steps(x: Any, y: Any) -> Any:
        # Each step begins with the weights of the one before.
        return tf.map_fn(step, (x, y), fn_output_signature=tf.float32, parallel_iterations=1)

    compiled: Any = None

    def train(x: Any, y: Any) -> NDArray[np.float64]:
        nonlocal compiled
        batches = keras.tree.map_structure(tf.convert_to_tensor, (x, y))
        if compiled is None:
            # Compiled once for any number of steps: two rounds of an epoch may differ by one.
            any_number = keras.tree.map_structure(lambda one: tf.TensorSpec((None, *one.shape[1:]), one.dtype), batches)
            compiled = tf.function(steps, input_signature=any_number, autograph=False)
        return np.asarray(compiled(*batches), np.float64)

    return train


def _one_step(model: keras.Model, x: Any, y: Any, number: int) -> list[float]:
    batch = (keras.tree.map_structure(lambda one: one[number], rows) for rows in (x, y))
    logs = model.train_on_batch(*batch, return_dict=True)
    return [float(logs.get("accuracy", 0.0)), float(logs["loss"])]


def squared_gradients(model: keras.Model, x: Any, y: Any, loss: Any) -> list[float]:
    """The squared norm of the loss's gradient with respect to each trainable variable, in the model's order.

    0.0 for a variable that the loss does not depend on.
    """
    if BACKEND == "jax":
        return _squares(_jax_gradients(model, x, y, loss))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        value = loss(y, model(x, training=True))
    found = tape.gradient(value, [variable.value for variable in model.trainable_variables])
    return _squares([None if one is None else tf.convert_to_tensor(one) for one in found])


def _jax_gradients(model: keras.Model, x: Any, y: Any, loss: Any) -> list[Any]:
    import jax

    others = [variable.value for variable in model.non_trainable_variables]

    def lost(trainable: list[Any]) -> Any:
        outputs, _ = model.stateless_call(trainable, others, x, training=True)
        return loss(y, outputs)

    return list(jax.jit(jax.grad(lost))([variable.value for variable in model.trainable_variables]))


def _squares(gradients: list[Any]) -> list[float]:
    arrays: list[NDArray[np.float32] | None] = [None if one is None else np.asarray(one) for one in gradients]
    return [0.0 if one is None else float(np.square(one).sum()) for one in arrays]


def out_of_memory(error: Exception) -> bool:
    """Whether the error means that memory ran out. oneDNN aborts if it cannot allocate its workspace."""
    return (
        isinstance(error, MemoryError)
        # A library that is imported only when it is needed, and for which no memory is left.
        or (isinstance(error, ImportError) and "failed to map" in str(error))
        or type(error).__name__ in ("ResourceExhaustedError", "AbortedError")
        or "RESOURCE_EXHAUSTED" in str(error)
    )
