"""A data set of a course's own: what `[datasets.<name>]` says of it, and the record that travels with a recipe."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from autograder.core.data import Data

Source = Literal["keras", "sklearn", "npz", "csv", "images", "text"]
TargetKind = Literal["classes", "values", "multilabel", "tokens", "input"]
SOURCES: tuple[Source, ...] = ("keras", "sklearn", "npz", "csv", "images", "text")
_Pixels = Annotated[int, Field(ge=1, le=4096)]
_WITH_TARGET = ("csv", "text")


class Declaration(Data):
    """`[datasets.<name>]`: exactly one of the keys `SOURCES` says where the data comes from; paths are relative to the
    assignment's folder.

    `target` names the columns (or the array of an `.npz`) to be predicted, `columns` those to predict from, by default
    all others. `categories` are columns of text that become one column of zeros and ones per value. `classes` gives the
    order of the classes, by default that of their names or numbers. `target_kind` says what the target is, where the
    data alone leaves it open. `size` (height, width) scales images; `table` lists the files and classes of images that
    have no folder per class. `num_words` and `maxlen` bound the vocabulary and the length of Keras' sequences of words.
    `held_out` is a second file, or folder, of the same form: it validates, and students never receive it. `digest` is
    the SHA-256 that the file must have.
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
    digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [source for source in SOURCES if getattr(self, source) is not None]
        if len(given) != 1:
            found = f"it has {' and '.join(given)}" if given else "it has none"
            raise ValueError(f"a data set has exactly one of {', '.join(SOURCES)}; {found}.")
        if self.source in _WITH_TARGET and not self.targets and self.target_kind != "input":
            raise ValueError(f"{self.source} needs target: the name of the column that is to be predicted.")
        if self.source in ("keras", "sklearn") and (self.held_out or self.columns or self.digest):
            raise ValueError(f"held_out, columns and digest are for files of one's own, not for {self.source}.")
        return self

    @property
    def source(self) -> Source:
        return next(source for source in SOURCES if getattr(self, source) is not None)

    @property
    def place(self) -> str:
        """The name or path that the source's key gives."""
        return str(getattr(self, self.source))

    @property
    def targets(self) -> tuple[str, ...]:
        if self.target is None:
            return ()
        return (self.target,) if isinstance(self.target, str) else self.target


class DatasetSource(Data):
    """A declared data set, found and read: everything that the stages after it need besides the arrays.

    Attributes:
        digest: of the files and of how they are read; the arrays are kept under it.
        target_kind: "classes" (labels 0, 1, 2, …), "values" (numbers), "multilabel" (0 or 1 for each of `classes`),
            "tokens" (a sequence of numbers) or "input" (the input itself).
        classes: the names of the classes by their labels; () where the target is not classes.
        rows: examples to train and validate with.
        held_out: examples that only validate and that no notebook sees; 0 if validation takes from `rows`.
        inputs: the shape of one example, by input; "" if there is one without a name.
        outputs: the shape of one target, likewise.
        features: the columns of a table, in their order.
        files: what the notebook gets, by its path beside the notebook.
        file_mb, array_mb: the sizes of these files and of the arrays in MiB, rounded up.
    """

    source: Source
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
