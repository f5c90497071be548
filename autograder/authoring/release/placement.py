"""After which cell of the notebook a question can be checked: the first one after which the solution passes."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.authoring.release.public_part import said_by
from autograder.checks.base import Context
from autograder.records.evidence import CapturedNetwork
from autograder.selfcheck.public import PublicPart, PublicQuestion


def cells_with_checks(part: PublicPart, context: Context) -> dict[int, list[str]]:
    """From the index of a code cell (0-based) to the questions that are checked below it, in their order.

    Args:
        part: the public part of the assignment.
        context: the reference solution, as if it had been handed in.
    """
    states = [(index, _up_to(index, context)) for index in _changes(context)]
    found: dict[int, list[str]] = {}
    for question in part.questions:
        earliest = max(_reached(name, question, context) for name in question.networks) if question.networks else 0
        fitting = (index for index, state in states if index >= earliest and not said_by(part, question, state))
        place = next(fitting, states[-1][0] if states else 0)
        found.setdefault(place, []).append(question.id)
    return dict(sorted(found.items()))


def _reached(name: str, question: PublicQuestion, context: Context) -> int:
    """The first code cell after which a question about the network `name` can be placed: the one that builds it; if the
    question is about its training, the one that trains it."""
    network, fit = context.evidence.network(name), context.evidence.last_fit(name)
    if fit is not None and (question.trained or question.kind == "figure"):
        return fit.cell
    return _built(network, context) if network is not None else 0


def _changes(context: Context) -> list[int]:
    """The code cells that leave something behind, in order."""
    evidence = context.evidence
    left: Iterable[int] = (
        *(value.cell for value in evidence.values),
        *(network.cell for network in evidence.networks),
        *(fit.cell for fit in evidence.fits),
        *(figure.cell for figure in evidence.figures),
        *(_built(network, context) for network in evidence.networks),
        *_saving(context),
    )
    return sorted(set(left))


def _up_to(last: int, context: Context) -> Context:
    """The solution as it is after the code cell `last`."""
    evidence = context.evidence
    networks = tuple(
        network if network.cell <= last else network.model_copy(update={"compile": None})
        for network in evidence.networks
        if min(network.cell, _built(network, context)) <= last
    )
    seen = evidence.model_copy(
        update={
            "networks": networks,
            "values": tuple(value for value in evidence.values if value.cell <= last),
            "fits": tuple(fit for fit in evidence.fits if fit.cell <= last),
            "figures": tuple(figure for figure in evidence.figures if figure.cell <= last),
            "files": evidence.files if any(index <= last for index in _saving(context)) else (),
        }
    )
    return context.replace(evidence=seen)


def _built(network: CapturedNetwork, context: Context) -> int:
    """The last code cell that makes a network or adds to it; it is captured as it was last, compiled or not."""
    cells = [cell for cell in context.cells if cell.kind == "code"]
    adding = f"{network.name}.add("
    built = [index for index, cell in enumerate(cells) if network.name in cell.makes() or adding in cell.source]
    return built[-1] if built else network.cell


def _saving(context: Context) -> list[int]:
    """The last code cell that saves a network: which cell wrote a file is not known."""
    cells = [cell for cell in context.cells if cell.kind == "code"]
    return [index for index, cell in enumerate(cells) if ".save(" in cell.source or "save_model(" in cell.source][-1:]
