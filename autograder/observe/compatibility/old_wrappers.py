"""Inside the kernel: `KerasClassifier` and `KerasRegressor`, the scikit-learn wrappers of Keras 2."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

_OF_PREDICT = ("batch_size", "verbose", "steps")


class _Wrapper(BaseEstimator):  # type: ignore[misc]
    """A scikit-learn estimator for a function that builds and compiles a network.

    Args:
        build_fn: the function.
        sk_params: arguments of the function, and of `fit` and `predict`.
    """

    def __init__(self, build_fn: Any = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments of `__init__`; scikit-learn clones estimators with them."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **parameters: Any) -> Any:
        """Change arguments of `__init__`."""
        if "build_fn" in parameters:
            self.build_fn = parameters.pop("build_fn")
        self.sk_params.update(parameters)
        return self

    def fit(self, x: Any, y: Any, **named: Any) -> Any:
        """Build and train the network; returns the history."""
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
    """Labels are class numbers, class names or one-hot rows; `predict` returns classes."""

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
        """The probability of each class (rows × classes)."""
        predicted = self._predicted(x, named)
        return predicted if predicted.shape[-1] > 1 else np.hstack([1 - predicted, predicted])

    def score(self, x: Any, y: Any, **named: Any) -> float:
        """The accuracy."""
        y = np.asarray(y)
        right = y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel()
        return float(np.mean(self.predict(x, **named) == right))


class KerasRegressor(RegressorMixin, _Wrapper):  # type: ignore[misc]
    """`predict` returns numbers."""

    def predict(self, x: Any, **named: Any) -> Any:
        """The predicted value of each row."""
        return np.squeeze(self._predicted(x, named), axis=-1)
