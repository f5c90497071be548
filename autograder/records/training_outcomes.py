"""What a trusted run measured besides its scores: predictions, residuals, curves and signals."""

from __future__ import annotations

from pydantic import Field

from autograder.core.data import Data


class Mistake(Data):
    """A misclassified validation image: the true and the predicted class (0, 1, …), and the image as base64 PNG."""

    truth: int = Field(ge=0)
    predicted: int = Field(ge=0)
    png: str = Field(pattern=r"^[A-Za-z0-9+/=]*$", max_length=20_000)


class PredictedClasses(Data):
    """The network's predictions on the validation images at the end of its run.

    `confusion` counts images: a row for each true class, a column for each predicted one. `mistakes` are the
    most confident ones; none if the data are not images.
    """

    confusion: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...] = ()


class Residuals(Data):
    """True and predicted values of validation rows at the end of a run, in the data's units; at most 300 of them."""

    truth: tuple[float, ...]
    predicted: tuple[float, ...]


class Roc(Data):
    """The receiver operating characteristic on the validation rows at the end of a run, for two classes.

    For each threshold the share of the first class that is taken for the second (`false_positive`), and the share of
    the second that is found (`true_positive`), both from 0 to 1; `area` is the area below the curve.
    """

    false_positive: tuple[float, ...]
    true_positive: tuple[float, ...]
    area: float


class Reconstruction(Data):
    """A validation image and what an autoencoder made of it at the end of a run, as base64 PNGs."""

    given: str = Field(pattern=r"^[A-Za-z0-9+/=]*$", max_length=20_000)
    made: str = Field(pattern=r"^[A-Za-z0-9+/=]*$", max_length=20_000)


class LayerSignal(Data):
    """The training signal in one operation at the end of a run, over a batch of training images.

    `gradient` is the Euclidean norm of the loss's gradient over the operation's trainable weights, None if it has
    none. `dead` is the share (0..1) of a ReLU's units, or channels, that are zero for every image; None elsewhere.
    """

    operation: int = Field(ge=0)
    gradient: float | None = None
    dead: float | None = None
