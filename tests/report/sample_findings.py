"""Findings as the checks make them, for the tests of the pages."""

from __future__ import annotations

from autograder.core.messages import Message, message, phrase
from autograder.network.describe import in_words
from autograder.records.result import Finding


def missing(kind: str) -> Message:
    """That a layer is not there, as the comparison of networks says it."""
    return message("layer.missing", "{thing!c} is missing.", thing=in_words(kind))


def missing_layer(kind: str) -> Finding:
    return Finding(
        message=missing(kind),
        where=message("where.between", "between {layer} and {other}", layer="activation_3", other="flatten"),
        hint=message(
            "hint.row_missing",
            "Go through the expected table row by row beside your own summary: which row has no counterpart?",
        ),
    )


def other_count(given: int) -> Finding:
    """That the number of parameters is another one, because a layer is missing."""
    return Finding(
        message=message(
            "parameters.follow",
            "Your network has {counts}. That follows from what differs in the network: {causes}",
            counts=(phrase("{given:,} parameters in all ({expected:,} expected)", given=given, expected=695_970),),
            causes=missing("MaxPooling2D"),
        ),
        hint=message(
            "hint.last_column",
            "Compare the last column of your summary with the expected table: the first row that differs tells most.",
        ),
    )
