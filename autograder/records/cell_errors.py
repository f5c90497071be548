"""The messages of our own exceptions in a student's cell. The kernel imports this and little else of the package."""

from __future__ import annotations

from autograder.core.language import gettext_noop

FAR_TOO_MUCH_OUTPUT = gettext_noop("This cell wrote far more output than it may.")
NO_DATASET = gettext_noop("There is no network here; the dataset {name} is not part of the exercise.")
