"""What is said where the student's own function, network or estimator could not be used on rows that it was given."""

from __future__ import annotations

from autograder.core.messages import NOTHING, Message, message, phrase, verbatim
from autograder.records.predictions import CapturedPredictions, PredictionRequest
from autograder.records.result import Finding, Status


def status_of(found: CapturedPredictions) -> Status:
    """The status of a question for which nothing could be computed."""
    if found.busy:
        return "needs_review"
    return "not_reached" if found.status in ("no_name", "not_run") else "wrong"


def asked_otherwise() -> Finding:
    """The finding if the evidence is about another request than the assignment makes today."""
    return Finding(
        message=message("call.changed", "What this question asks for was changed after your notebook was run."),
        hint=message("hint.instructor_grade_again", "For the instructor: run `autograder grade` again."),
    )


def failed_call(request: PredictionRequest, found: CapturedPredictions) -> Finding:
    """Why what the request asks for is not there."""
    name = request.name
    if found.status == "no_name":
        return Finding(message=message("call.no_name", "There is nothing called `{name}` in the notebook.", name=name))
    if found.status == "no_call":
        said = message(
            "call.no_call",
            "`{name}` is neither a function nor an object with a method `{method}`.",
            name=name,
            method="transform" if request.purpose == "prepare" else "predict",
        )
        return Finding(message=said)
    if found.status == "raised":
        return _raised(request, found)
    if found.status == "malformed":
        said = message("call.malformed", "What `{name}` returns cannot be used: {why}.", name=name, why=_why(found))
        return Finding(message=said, hint=_form(request))
    if found.status == "unsteady":
        said = message(
            "call.unsteady",
            "`{name}` gives another output for the same row when it is asked again beside other rows.",
            name=name,
        )
        hint = message(
            "hint.steady",
            "What it returns for a row may depend on that row only: no chance, no counting of calls, and no mean or "
            "scale that is computed from the rows it is given instead of from the training data.",
        )
        return Finding(message=said, hint=hint)
    if found.busy:
        late = message(
            "call.busy",
            "`{name}` did not finish in time, while the grading machine was busy with other work.",
            name=name,
        )
        return Finding(
            message=late, hint=message("hint.instructor_fresh", "For the instructor: grade again with --fresh.")
        )
    if found.status == "timeout":
        return Finding(message=message("call.timeout", "`{name}` did not finish in time.", name=name))
    if found.status == "died":
        ended = message(
            "call.died",
            "While `{name}` was called, the kernel ended, for example because it used too much memory.",
            name=name,
        )
        return Finding(message=ended)
    not_run = message(
        "call.not_run", "The notebook had ended, or used up its time, before `{name}` could be called.", name=name
    )
    return Finding(message=not_run)


def _raised(request: PredictionRequest, found: CapturedPredictions) -> Finding:
    error = phrase("an exception") if not found.error else verbatim(f"`{found.error}`")
    where: Message = NOTHING
    if found.cell is not None and found.line is not None:
        where = message("where.code_cell_line", "code cell {cell}, line {line}", cell=found.cell + 1, line=found.line)
    said = message("call.raised", "`{name}` raised {error} when it was given rows.", name=request.name, error=error)
    hint = message(
        "hint.call_it_yourself",
        "Call it with single rows of the data as the notebook reads them, without the column to be predicted: a few "
        "rows need not have every value of a column. What the exception says is not shown, because it could show rows "
        "that are hidden.",
    )
    return Finding(message=said, where=where, hint=hint)


def _form(request: PredictionRequest) -> Message:
    if request.purpose == "prepare":
        return message(
            "hint.prepared_form",
            "It gets several rows, and returns one array of numbers with an entry for each of them.",
        )
    return message(
        "hint.output_form",
        "It gets several rows, and returns one array with a number, a row of numbers or a class for each.",
    )


def _why(found: CapturedPredictions) -> Message:
    if found.problem == "rows":
        return phrase("it has another number of rows than it was given")
    if found.problem == "values":
        return phrase("a row of it has too many or too few values")
    if found.problem == "missing":
        return phrase("a value is missing or infinite")
    if found.problem == "probabilities":
        return phrase("its values are no probabilities between 0 and 1, which have the sum 1 in each row")
    if found.problem == "inputs":
        return phrase("it is not a dict with an array for each of the inputs by name")
    return phrase("it is not one array of numbers or classes")
