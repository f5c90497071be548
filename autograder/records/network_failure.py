"""Where a network could not be built, called, compiled or fitted, as the kernel recorded it at the exception.

All of it is a claim of the student's kernel, like everything else in the evidence: it serves for findings, and it never
earns points by itself. Together with what our own formulas say it shows whether a mistake that has cost points is what
stopped `fit` (`autograder.checks.stopped_fit`). Shapes have the batch axis first, None where a size is free.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from autograder.core.data import Data, OmitsNewDefaults

MAX_SHAPES = 16
Size = Annotated[int, Field(ge=0, le=2**40)]
RecordedShape = Annotated[tuple[Size | None, ...], Field(max_length=16)]
Method = Literal["add", "build", "call", "compile", "fit", "evaluate", "predict"]


class GivenData(Data):
    """One array (or stream of batches) that was given to `fit`, `evaluate` or `predict`.

    `kind`: "array" (anything with a shape), "ragged" (rows of different lengths), "stream" (a generator or a data set
    of batches; `shape` is then that of one batch), "other". `shape` is None where it is unknown. `type_name` is the
    class.
    """

    kind: Literal["array", "ragged", "stream", "other"]
    shape: RecordedShape | None = None
    dtype: str = Field(default="", max_length=64)
    type_name: str = Field(default="", max_length=200)


class NetworkFailure(OmitsNewDefaults):
    """The exception that ended code cell `cell`, where it came from a network.

    Attributes:
        method: the outermost method that failed.
        error: the class of the exception.
        layer: the innermost layer that failed, as Keras describes it (`class_name`, `module`, `config`, and
            `build_config` where it had weights already); None if no layer failed. A whole network that could not
            read its input has `class_name` "Functional" or "Sequential" and no `config`.
        shapes: the shapes that came into that layer.
        network: the network around it, as a Keras class and its configuration: with `partial` only what leads to the
            layer, its outputs being what came into the layer.
        loss: the loss that could not compare `target` with `output`; "" if no loss failed.
        inputs: the data given to the method.
        targets: the targets given to the method.
        validation: whether `fit` failed on its validation data, which `inputs` and `targets` then are.
        framework: "torch" for a training loop of PyTorch, which then is the method "fit". Its `layer` is the network
            itself, `target` and `output` are those of one batch.
        streamed: how many parts one batch of a stream has, as (inputs, targets) has two; None if there is no stream.
        weights: how many weights of examples were given; None if none were.
    """

    method: Method
    error: str = Field(max_length=200)
    cell: int = Field(ge=0)
    framework: Literal["", "torch"] = ""
    layer: dict[str, Any] | None = None
    shapes: tuple[RecordedShape, ...] = Field(default=(), max_length=MAX_SHAPES)
    network: dict[str, Any] | None = None
    partial: bool = False
    loss: str = Field(default="", max_length=200)
    target: RecordedShape | None = None
    output: RecordedShape | None = None
    inputs: tuple[GivenData, ...] = Field(default=(), max_length=MAX_SHAPES)
    targets: tuple[GivenData, ...] = Field(default=(), max_length=MAX_SHAPES)
    streamed: int | None = Field(default=None, ge=0)
    validation: bool = False
    weights: int | None = Field(default=None, ge=0)

    added_later: ClassVar[tuple[str, ...]] = ("weights",)
