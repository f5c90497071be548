"""A declared data set: its table `[datasets.<name>]`, and the record that is part of a recipe."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from autograder.core.data import OmitsNewDefaults

SourceKind = Literal["keras", "sklearn", "npz", "csv", "images", "text"]
TargetKind = Literal["classes", "values", "multilabel", "tokens", "input"]
SOURCES: tuple[SourceKind, ...] = ("keras", "sklearn", "npz", "csv", "images", "text")
_Pixels = Annotated[int, Field(ge=1, le=4096)]
_WITH_TARGET = ("csv", "text")
_WITH_GROUPS = ("npz", "csv", "text")
# Names that a layer of Keras can have, and a member of an archive.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
Groups = dict[str, str | tuple[str, ...]]


class Declaration(OmitsNewDefaults):
    """`[datasets.<name>]`: exactly one of the keys in `SOURCES` is the source of the data; paths are relative to the
    assignment's folder.

    `target` names the columns (or the array of an `.npz`) to predict, `columns` the inputs, by default all others.
    `categories` are text columns that are one-hot encoded. `classes` is the order of the classes, by default sorted by
    name or number. `target_kind` is the kind of the target, if the data alone does not determine it. `size` (height,
    width) scales images; `table` lists the files and classes of images that have no folder per class. `num_words` and
    `maxlen` limit the vocabulary and the length of Keras' word sequences. `held_out` is a second file or folder in the
    same format: it is used for validation, and students never receive it. `digest` is the required SHA-256 of the file.
    `hidden` is a further file or folder in that format, on which predictions are scored (`autograder.datasets.hidden`):
    no network is trained or validated with it, and no notebook, page or package for students has any of it.

    A network with several inputs or outputs reads `inputs` and learns `outputs`, each by its name: the columns of a
    table, or one array of an `.npz`; they replace `columns` and `target`. In `text`, an input that is one name is a
    column of texts. `output_kinds` is the kind of an output, if the data alone does not determine it.
    """

    keras: str | None = None
    sklearn: str | None = None
    npz: str | None = None
    csv: str | None = None
    images: str | None = None
    text: str | None = None
    title: str = Field(default="", max_length=200)
    licence: str = Field(default="", max_length=500)
    target: str | tuple[str, ...] | None = None
    target_kind: TargetKind | None = None
    columns: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    table: str | None = None
    size: tuple[_Pixels, _Pixels] | None = None
    num_words: int | None = Field(default=None, ge=4)
    maxlen: int | None = Field(default=None, ge=1, le=10_000)
    held_out: str | None = None
    hidden: str | None = None
    digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    inputs: Groups = {}
    outputs: Groups = {}
    output_kinds: dict[str, TargetKind] = {}

    added_later: ClassVar[tuple[str, ...]] = ("inputs", "outputs", "output_kinds", "hidden")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [source for source in SOURCES if getattr(self, source) is not None]
        if len(given) != 1:
            found = f"it has {' and '.join(given)}" if given else "it has none"
            raise ValueError(f"a data set has exactly one of {', '.join(SOURCES)}; {found}.")
        self._check_groups()
        if self.source in _WITH_TARGET and not (self.targets or self.outputs or self.target_kind == "input"):
            raise ValueError(f"{self.source} needs target: the name of the column that is to be predicted.")
        if self.source in ("keras", "sklearn") and self.hidden:
            raise ValueError(
                f"hidden needs data of one's own: everybody can have all of {self.place}, and learn it by heart."
            )
        if self.hidden and (len(self.outputs) > 1 or self.target_kind == "input"):
            raise ValueError("hidden is for data with one target, not for several outputs.")
        if self.source in ("keras", "sklearn") and (self.held_out or self.columns or self.digest):
            raise ValueError(f"held_out, columns and digest are for files of one's own, not for {self.source}.")
        return self

    def _check_groups(self) -> None:
        if not (self.inputs or self.outputs or self.output_kinds):
            return
        if self.source not in _WITH_GROUPS:
            raise ValueError(f"inputs and outputs are for {', '.join(_WITH_GROUPS)}, not for {self.source}.")
        if self.inputs and self.columns:
            raise ValueError("inputs replaces columns; give one of the two.")
        if self.outputs and (self.target or self.target_kind or self.classes):
            raise ValueError("outputs replaces target, target_kind and classes; output_kinds says what an output is.")
        if self.target_kind == "input":
            raise ValueError('target_kind "input" is for one input, not for several.')
        for name, group in [*self.inputs.items(), *self.outputs.items()]:
            if not _NAME.fullmatch(name):
                raise ValueError(f'"{name}" cannot name an input or output: a name has letters, digits, _ and -.')
            if not group:
                raise ValueError(f'"{name}" has no columns.')
        for name, kind in self.output_kinds.items():
            if name not in self.outputs:
                raise ValueError(f'output_kinds names "{name}", which is not in outputs.')
            if kind == "input":
                raise ValueError(f'output_kinds: "{name}" is "input"; name the columns of that input in outputs.')

    @property
    def source(self) -> SourceKind:
        return next(source for source in SOURCES if getattr(self, source) is not None)

    @property
    def place(self) -> str:
        """The name or path in the source's key."""
        return str(getattr(self, self.source))

    @property
    def targets(self) -> tuple[str, ...]:
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target


class DatasetSource(OmitsNewDefaults):
    """A declared data set that was read: everything that later stages need besides the arrays.

    Attributes:
        digest: of the files and the settings for reading them; the key of the cached arrays.
        target_kind: "classes" (labels 0, 1, 2, …), "values" (numbers), "multilabel" (0 or 1 for each of `classes`),
            "tokens" (a sequence of numbers) or "input" (the input itself).
        classes: the names of the classes by label; () if the target is not classes.
        rows: the number of examples for training and validation.
        held_out: the number of examples that are only for validation and not given to notebooks; 0 if validation uses
            part of `rows`.
        inputs: the shape of one example, by input; the key is "" for a single unnamed input.
        outputs: the shape of one target, by output, likewise.
        hidden: the number of hidden examples, which are in none of these numbers; 0 if there are none.
        hidden_in_public: how many of them are also among `rows` or `held_out`.
        output_kinds, output_classes: `target_kind` and `classes` of each named output; the two unnamed fields are those
            of the first.
        features: the columns of a table, in order.
        files: the files for the notebook, by their path next to it.
        file_mb, array_mb: the sizes of these files and of the arrays in MiB, rounded up.
    """

    source: SourceKind
    title: str
    digest: str
    target_kind: TargetKind
    classes: tuple[str, ...] = ()
    rows: int
    held_out: int = 0
    inputs: dict[str, tuple[int, ...]] = {}
    outputs: dict[str, tuple[int, ...]] = {}
    features: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    file_mb: int = 0
    array_mb: int = 0
    output_kinds: dict[str, TargetKind] = {}
    output_classes: dict[str, tuple[str, ...]] = {}
    hidden: int = 0
    hidden_in_public: int = 0

    added_later: ClassVar[tuple[str, ...]] = ("output_kinds", "output_classes", "hidden", "hidden_in_public")

    @property
    def has_names(self) -> bool:
        """Whether its inputs or outputs have names, as those of networks with several of them do."""
        return any(name for name in (*self.inputs, *self.outputs))

    def kind_of(self, output: str | None) -> TargetKind:
        """What the target of an output is; of the first one without a name."""
        return self.output_kinds.get(output or "", self.target_kind)

    def classes_of(self, output: str | None) -> tuple[str, ...]:
        """The classes of an output, likewise."""
        return self.output_classes.get(output or "", self.classes)


def array_key(axis: Literal["x", "y"], part: Literal["train", "test"], name: str = "") -> str:
    """The key of an array: "x_train", and "x_train.left" for the input `left`."""
    return f"{axis}_{part}.{name}" if name else f"{axis}_{part}"
