"""Inside the kernel: `KerasClassifier` and `KerasRegressor`, with which Keras 2 lent its networks to scikit-learn."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

_OF_PREDICT = ("batch_size", "verbose", "steps")


class _Wrapper(BaseEstimator):  # type: ignore[misc]
    """An estimator around a function that builds and compiles a network.

    Args:
        build_fn: the function.
        sk_params: its arguments, and those of `fit` and `predict`.
    """

    def __init__(self, build_fn: Any = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What `__init__` was given; scikit-learn copies estimators by it."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **parameters: Any) -> Any:
        """Change what `__init__` was given."""
        if "build_fn" in parameters:
            self.build_fn = parameters.pop("build_fn")
        self.sk_params.update(parameters)
        return self

    def fit(self, x: Any, y: Any, **named: Any) -> Any:
        """Build the network and train it; returns its history."""
        given = inspect.signature(self.build_fn).parameters
        self.model = self.build_fn(**{key: value for key, value in self.sk_params.items() if key in given})
        asked = {key: value for key, value in self.sk_params.items() if key not in given}
        return self.model.fit(x, self._labels(y), **{**asked, **named})

    def _labels(self, y: Any) -> Any:
        return y

    def _predicted(self, x: Any, named: dict[str, Any]) -> Any:
        asked = {key: value for key, value in self.sk_params.items() if key in _OF_PREDICT}
        return np.asarray(self.model.predict(x, **{**asked, **named}))


class KerasClassifier(ClassifierMixin, _Wrapper):  # type: ignore[misc]
    """Labels are class numbers or names, or one-hot rows; `predict` gives the classes."""

    def _labels(self, y: Any) -> Any:
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
            return y
        self.classes_, numbers = np.unique(y.ravel(), return_inverse=True)
        one_hot = "categorical_crossentropy" in (self.model.loss, getattr(self.model.loss, "name", ""))
        return keras.utils.to_categorical(numbers) if one_hot else numbers

    def predict(self, x: Any, **named: Any) -> Any:
        """The class of each row."""
        predicted = self._predicted(x, named)
        numbers = predicted.argmax(axis=-1) if predicted.shape[-1] > 1 else (predicted > 0.5).astype(int).ravel()
        return self.classes_[numbers]

    def predict_proba(self, x: Any, **named: Any) -> Any:
        """The probability of each class, a row for each row."""
        predicted = self._predicted(x, named)
        return predicted if predicted.shape[-1] > 1 else np.hstack([1 - predicted, predicted])

    def score(self, x: Any, y: Any, **named: Any) -> float:
        """The accuracy."""
        y = np.asarray(y)
        right = y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel()
        return float(np.mean(self.predict(x, **named) == right))


class KerasRegressor(RegressorMixin, _Wrapper):  # type: ignore[misc]
    """`predict` gives numbers."""

    def predict(self, x: Any, **named: Any) -> Any:
        """The number of each row."""
        return np.squeeze(self._predicted(x, named), axis=-1)
