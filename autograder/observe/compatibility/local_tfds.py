"""Inside the kernel: a stand-in for `tensorflow_datasets`, if it is not installed, with the assignment's data sets."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import tensorflow as tf

from autograder.datasets.catalogue import DATASETS
from autograder.observe.compatibility.stand_in_log import note_stand_in
from autograder.observe.dataset_loader import LoadData

_NAME = "tensorflow_datasets"
_SPLITS = ("train", "test")
_SPLIT = re.compile(r"(\w+)(?:\[(-?\d*%?)?:(-?\d*%?)?\])?")


def offer_tensorflow_datasets(loaders: Callable[[str], LoadData]) -> None:
    """Let `import tensorflow_datasets` find the stand-in, after all other finders.

    Args:
        loaders: returns the `load_data` function for the name of a data set; it raises if the set is not served.
    """
    sys.meta_path.append(_Finder(loaders))


class _Finder(MetaPathFinder, Loader):
    def __init__(self, loaders: Callable[[str], LoadData]) -> None:
        self._loaders = loaders

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname == _NAME else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)

        def builder(name: str, **_: Any) -> DatasetBuilder:
            return DatasetBuilder(name, self._loaders)

        def load(
            name: str,
            *,
            split: Any = None,
            as_supervised: bool = False,
            with_info: bool = False,
            batch_size: int | None = None,
            **_: Any,
        ) -> Any:
            built = builder(name)
            found = built.as_dataset(split, as_supervised=as_supervised, batch_size=batch_size)
            return (found, built.info) if with_info else found

        vars(module).update(
            load=load,
            builder=builder,
            as_numpy=as_numpy,
            list_builders=lambda *_, **__: sorted(DATASETS),
            disable_progress_bar=_nothing,
            enable_progress_bar=_nothing,
            show_examples=_nothing,
        )
        return module

    def exec_module(self, module: ModuleType) -> None:
        note_stand_in("tfds", _NAME)


class DatasetBuilder:
    """A stand-in for `tfds.core.DatasetBuilder`: images and labels with the features of the published data set."""

    def __init__(self, name: str, loaders: Callable[[str], LoadData]) -> None:
        self.name = str(name).partition(":")[0].partition("/")[0]
        train, test = loaders(self.name)()
        self._arrays = {split: _featured(*pair) for split, pair in zip(_SPLITS, (train, test), strict=True)}
        images, labels = self._arrays["train"]
        known = DATASETS.get(self.name)
        names = list(known.classes) if known is not None else [str(label) for label in np.unique(labels)]
        features = {
            "image": SimpleNamespace(shape=images.shape[1:], dtype=tf.uint8),
            "label": SimpleNamespace(
                shape=(),
                dtype=tf.int64,
                num_classes=len(names),
                names=names,
                int2str=names.__getitem__,
                str2int=names.index,
            ),
        }
        self.info = SimpleNamespace(
            name=self.name,
            full_name=self.name,
            features=features,
            supervised_keys=("image", "label"),
            splits={
                split: SimpleNamespace(name=split, num_examples=len(labels))
                for split, (_, labels) in self._arrays.items()
            },
        )

    def download_and_prepare(self, *_: Any, **__: Any) -> None:
        """Do nothing: the data is already local."""

    def as_dataset(
        self, split: Any = None, *, as_supervised: bool = False, batch_size: int | None = None, **_: Any
    ) -> Any:
        """A `tf.data.Dataset` for a split, a list of them for a list of splits, a dict of all splits for None."""
        if split is None:
            split = {name: name for name in _SPLITS}
        if isinstance(split, Mapping):
            return {
                name: self.as_dataset(one, as_supervised=as_supervised, batch_size=batch_size)
                for name, one in split.items()
            }
        if isinstance(split, list | tuple):
            return [self.as_dataset(one, as_supervised=as_supervised, batch_size=batch_size) for one in split]
        parts = [self._part(part.strip()) for part in str(split).split("+")]
        images, labels = parts[0]
        for more_images, more_labels in parts[1:]:
            images, labels = np.concatenate([images, more_images]), np.concatenate([labels, more_labels])
        data = (images, labels) if as_supervised else {"image": images, "label": labels}
        if batch_size == -1:
            return tf.nest.map_structure(tf.convert_to_tensor, data)
        dataset = tf.data.Dataset.from_tensor_slices(data)
        return dataset if batch_size is None else dataset.batch(batch_size)

    def _part(self, split: str) -> tuple[Any, Any]:
        match = _SPLIT.fullmatch(split)
        if match is None or match[1] not in self._arrays:
            raise ValueError(f"Unknown split {split!r}. Should be one of {list(self._arrays)}.")
        images, labels = self._arrays[match[1]]
        start, end = _place(match[2], len(labels)), _place(match[3], len(labels))
        return images[start:end], labels[start:end]


def as_numpy(data: Any) -> Any:
    """`tfds.as_numpy`: tensors as arrays, and data sets as iterables of arrays."""
    return tf.nest.map_structure(
        lambda one: _Iterable(one) if isinstance(one, tf.data.Dataset) else np.asarray(one), data
    )


class _Iterable:
    def __init__(self, dataset: Any) -> None:
        self._dataset = dataset

    def __iter__(self) -> Iterator[Any]:
        return iter(self._dataset.as_numpy_iterator())

    def __len__(self) -> int:
        return len(self._dataset)


def _featured(images: Any, labels: Any) -> tuple[Any, Any]:
    """Images with a channel axis and labels as int64 scalars, as in the published data sets."""
    if labels.dtype.kind in "iu" and labels.size == len(labels):
        labels = labels.reshape(-1).astype("int64")
    return (images[..., np.newaxis] if images.ndim == 3 else images), labels


def _place(text: str | None, count: int) -> int | None:
    """A slice bound (`10`, `-10` or `80%`) as an index."""
    if not text:
        return None
    return round(int(text[:-1] or 0) * count / 100) if text.endswith("%") else int(text)


def _nothing(*_: Any, **__: Any) -> None:
    """Do nothing: there is nothing to display."""
