"""The images that an assignment needs, downloaded if this machine lacks them."""

from __future__ import annotations

from autograder import datasets
from autograder.assignment import Assignment
from autograder.datasets.sending import cached_files


def provide_images(assignment: Assignment) -> None:
    """Download the images that an assignment needs and this machine lacks, if the user allows that.

    Raises:
        DatasetMissing: they are not here, and not downloaded; the sentence says where to put them.
    """
    for name in needed_images(assignment):
        datasets.find(name, download=True)


def needed_images(assignment: Assignment) -> tuple[str, ...]:
    """The built-in data sets that its notebooks load and its networks are trained with."""
    return tuple(dict.fromkeys([*assignment.datasets(), *assignment.trained_on()]))


def declared_files(assignment: Assignment) -> dict[str, bytes]:
    """All that the assignment declares, as files of this machine's cache, for other machines: what notebooks may load,
    and what networks are trained with.

    Raises:
        DatasetMissing: it is not in the cache any more.
    """
    base_models = [one.model for one in assignment.base_models.values()]
    return cached_files([one.source for one in assignment.declared.values()], base_models)
