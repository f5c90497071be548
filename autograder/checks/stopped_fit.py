"""Trainings that a mistake stopped, or left without a metric, which has cost points already.

A loss that does not fit the labels stops `fit`, and then there is no history, no curve and no number to read off. Such
a mistake costs points once, at the question about its cause; what could not be reached because of it keeps its points.
Whether the mistake is what stopped `fit` is computed: with it repaired, the network reads what `fit` was given. A loop
that the student wrote with PyTorch is judged alike (`checks.stopped_loop`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator

from autograder.checks.base import Context, NotebookCell, Question
from autograder.checks.compiled import ONE_HOT, WHOLE, compiled_questions
from autograder.checks.diagnosis.rules.targets import output_size
from autograder.checks.follow_through import charged_at, charging, is_half_right, verdict_on
from autograder.checks.metric_names import compiled_metrics, is_known_metric, metric_name
from autograder.checks.stopped_loop import ANY_NUMBER, stop_of_loop, unreached_loop, words_of, written_by
from autograder.checks.student_network import StudentNetwork, find_network
from autograder.core.messages import NOTHING, Message, message
from autograder.network.architecture import Architecture, Shape
from autograder.network.measure import measure_until_misfit
from autograder.network.values import shown_value
from autograder.records.evidence import CapturedFit
from autograder.records.network_failure import NetworkFailure
from autograder.records.result import Finding, Verdict

# What TensorFlow raises at a value that it cannot use, such as a label that is no class of the last layer.
_BY_VALUE = "InvalidArgumentError"
_CHARGE = ("architecture", "parameters", "compiled")
# What is said of a figure that belongs to another question.
_OF_OTHERS = frozenset({"figure.other_network", "figure.unnamed_network", "figure.no_such_line"})
_DRAWS = re.compile(r"plot|\bplt\b|\bsns\b")
_READ = 100_000
# Questions about how well a network learns: where no question asks for its layers, they cost what is wrong with them.
_SCORES = ("accuracy", "score")


def stopped_at(context: Context, network: str) -> Verdict | None:
    """The question at which the mistake has cost points that stopped every call of `fit` on the student's `network`.

    None if a call was not stopped, if there was none, or if the mistake has not cost points.
    """
    student = find_network(context, network)
    fits = student.fits(context, network)
    if student.captured is None or not is_half_right(context, network):
        return None
    if not fits:
        return _at_compile(context, network) if unreached_fit(context, network) is not None else None
    if not all(fit.failure is not None for fit in fits):
        return None
    at = _at_cause(context, network, student, fits[-1]) or _at_score(context, network, student)
    if at is None and not context.is_handout(fits[-1].cell):
        at = _said_before(context, network)
    return at


def metric_charged_at(context: Context, network: str, metric: str) -> Verdict | None:
    """The question at which it has cost points that the network is not compiled with `metric`; None if there is none.

    Args:
        metric: its usual name (`metric_name`).
    """
    student = find_network(context, network)
    captured = student.captured
    if captured is None or not _compiled_by_student(context, student) or not is_half_right(context, network):
        return None
    if metric in compiled_metrics(captured.compile).values():
        return None
    asked = (one for one in compiled_questions(context, network) if metric in one.metrics)
    return next((verdict for one in asked if _costs(verdict := verdict_on(one, context))), None)


def unreached_fit(context: Context, network: str) -> CapturedFit | None:
    """The student's call of `fit` that was not reached because `compile` stopped before it in the same cell, as far as
    its arguments say; None if there is none, or if the network was compiled or trained elsewhere. Also a loop that was
    not reached because making its optimizer or criterion stopped."""
    student = find_network(context, network)
    if student.captured is None or student.fits(context, network):
        return None
    if student.captured.framework == "torch":
        return unreached_loop(context) if student.architecture is not None else None
    if student.compiled:
        return None
    code = [cell for cell in context.cells if cell.kind == "code"]
    for failure in context.evidence.failures:
        if failure.method != "compile" or failure.cell >= len(code) or context.is_handout(failure.cell):
            continue
        for given in _arguments_of_fit(code[failure.cell].source[:_READ]):
            epochs = given.get("epochs", ast.Constant(1))
            number = epochs.value if isinstance(epochs, ast.Constant) and type(epochs.value) is int else ANY_NUMBER
            validated = any(name.startswith("validation_") for name in given)
            return CapturedFit(epochs=max(0, number), validation={} if validated else None, cell=failure.cell)
    return None


def charging_stops(questions: tuple[Question, ...], networks: tuple[str, ...] = ()) -> frozenset[str]:
    """The ids of the questions at which a mistake may have cost points that stops `fit` on one of the `networks`
    (empty: on any)."""
    asked = networks or tuple({name for one in questions for name in one.networks()})
    found = frozenset(one for network in asked for one in charging(questions, network, (*_CHARGE, "history")))
    scores = {one.id for network in asked for one in _alone(questions, network)}
    return found | scores | {one.id for one in questions if one.kind == "compiled"}


def follows(charged: Verdict) -> Message:
    """For the student: what is missing here is missing because of a mistake that has cost points."""
    return message(
        "fit.charged",
        "That follows from a mistake that has cost points at “{title}”, so it costs nothing here.",
        title=charged.title,
    )


def stop_of(fit: CapturedFit) -> Message:
    """That the call stopped with an error, in the error's own words; empty if it did not."""
    if fit.failure is None:
        return NOTHING
    if fit.loop is not None:
        return stop_of_loop(fit)
    return message(
        "fit.stopped",
        "`fit` stopped with {error}: {words}",
        error=shown_value(fit.failure.name),
        words=words_of(fit.failure),
    )


def kept_if_unreached(
    question: Question,
    verdict: Verdict,
    context: Context,
    answers: Callable[[NotebookCell], bool],
    *,
    of_metrics: bool = True,
) -> Verdict:
    """`verdict`, or all points where the answer could not be reached because of a mistake that has cost points.

    Args:
        answers: whether a code cell gives the answer, if it gets that far.
        of_metrics: whether the answer reads the metrics of the history, not only the loss.
    """
    for network in question.networks() or tuple(context.expected):
        fits = find_network(context, network).fits(context, network)
        planned = None if fits else unreached_fit(context, network)
        if not any(map(answers, _unreached(context, fits if planned is None else (planned,)))):
            continue
        charged = stopped_at(context, network)
        if charged is None and of_metrics:
            had = {metric_name(key) for fit in fits for key in fit.history}
            asked = (
                metric for one in compiled_questions(context, network) for metric in one.metrics if metric not in had
            )
            charged = next(filter(None, (metric_charged_at(context, network, metric) for metric in asked)), None)
        if charged is not None:
            said = (one for one in verdict.findings if one.code not in _OF_OTHERS)
            return question.verdict("correct", question.points, *said, Finding(message=follows(charged)))
        if fits and all(fit.failure is not None for fit in fits):
            cause = Finding(message=stop_of(fits[-1]))
            return question.verdict(verdict.status, verdict.score, *verdict.findings, cause)
    return verdict


def draws(context: Context) -> Callable[[NotebookCell], bool]:
    """Whether a code cell draws: itself, or with functions that other cells define."""
    drawing = any(_DRAWS.search(cell.source[:_READ]) for cell in context.cells if cell.kind == "code")
    return lambda cell: drawing


def _at_cause(context: Context, network: str, student: StudentNetwork, fit: CapturedFit) -> Verdict | None:
    if not student.compiled:
        return None if context.is_handout(fit.cell) else _at_compile(context, network)
    own, expected = student.architecture, context.expected.get(network)
    failure = _failure(context, fit)
    if failure is not None and failure.framework == "torch":
        own = student.comparable
    if own is None or expected is None or failure is None or failure.validation:
        return None
    own_compile = _compiled_by_student(context, student)
    of_loss = next(
        (
            verdict
            for one in compiled_questions(context, network)
            if own_compile and one.loss_costs(student, context) and _costs(verdict := verdict_on(one, context))
        ),
        None,
    )
    of_network = charged_at(context, network, own)
    repaired = own if of_network is None else expected.architecture
    loss = "" if of_loss is not None or student.compilation.problem else student.compilation.loss.name
    if not _reads(repaired, loss, fit, torch=failure.framework == "torch"):
        return None
    if own_compile and failure.layer is None and not failure.loss and _unknown_metrics(student):
        return _at_compile(context, network)
    # A loss that cannot be read stops `fit` before it compares anything.
    at_loss = bool(failure.loss or failure.error == _BY_VALUE or student.compilation.problem)
    if not (at_loss or failure.layer is not None):
        return None
    return of_network or of_loss if failure.layer is not None else of_loss or of_network


def _at_score(context: Context, network: str, student: StudentNetwork) -> Verdict | None:
    """The question about the score of a network of the student's own choice that has lost points because its layers do
    not fit together, or because it has another number of outputs than the labels need."""
    asked, expected, own = _alone(context.questions, network), context.expected.get(network), student.architecture
    if not asked or expected is None:
        return None
    if own is not None and output_size(own) == output_size(expected.architecture):
        return None
    if own is None and student.unfit is None:
        return None
    verdicts = (verdict_on(one, context) for one in asked)
    return next((one for one in verdicts if _costs(one) and one.status in ("wrong", "not_reached")), None)


def _alone(questions: tuple[Question, ...], network: str) -> list[Question]:
    """The questions about the score of a network, if none asks for its layers."""
    asked = [one for one in questions if network in one.networks()]
    layers = any(one.kind in ("architecture", "parameters") for one in asked)
    return [] if layers else [one for one in asked if one.kind in _SCORES]


def _at_compile(context: Context, network: str) -> Verdict | None:
    """The question about `compile` that has cost points."""
    return next((at for one in compiled_questions(context, network) if _costs(at := verdict_on(one, context))), None)


def _compiled_by_student(context: Context, student: StudentNetwork) -> bool:
    """Whether the network was compiled, and not only in unchanged cells of the handout."""
    events = () if student.record is None else student.record.did("compile")
    return student.compiled and not (events and all(context.is_handout(event.cell) for event in events))


def _unknown_metrics(student: StudentNetwork) -> bool:
    """Whether the network is compiled with a metric of a name that stops `fit`."""
    compiled = student.captured.compile if student.captured is not None else None
    return any(not is_known_metric(name) for name in compiled_metrics(compiled).values())


def _said_before(context: Context, network: str) -> Verdict | None:
    """The earlier question that names what stopped `fit` and has cost points for it."""
    return next(
        (
            earlier
            for one in context.questions
            if (network in one.networks() or not one.networks())
            and (earlier := context.earlier.get(one.id)) is not None
            and _costs(earlier)
            and any(finding.code in ("fit.stopped", "loop.stopped") for finding in earlier.findings)
        ),
        None,
    )


def _costs(verdict: Verdict) -> bool:
    return verdict.score < verdict.points


def _failure(context: Context, fit: CapturedFit) -> NetworkFailure | None:
    found = (one for one in context.evidence.failures if one.cell == fit.cell and one.method == "fit")
    return next(found, None)


def _reads(network: Architecture, loss: str, fit: CapturedFit, *, torch: bool = False) -> bool:
    """Whether a network fits the arrays that `fit` was given, with `loss` ("": with one that suits the labels).

    `torch`: its criteria do not take a loss of another shape, and its images have the channels first.
    """
    rows, misfit = measure_until_misfit(network)
    if misfit is not None or len(network.outputs) != 1:
        return False
    inputs = [row.shape for row, one in zip(rows, network.operations, strict=True) if one.kind == "Input"]
    given, target = _shape(fit.inputs), _shape(fit.targets)
    if given and len(inputs) != 1:
        return False
    if given and not _alike(given[1:], inputs[0][1:]) and not (torch and _turned(given, inputs[0])):
        return False
    return not target or _comparable(target, rows[network.outputs[0]].shape, loss)


def _comparable(target: Shape, output: Shape, loss: str) -> bool:
    whole = len(target) == len(output) - 1 or (len(target) == len(output) and target[-1] == 1)
    same = _alike(target[1:], output[1:])
    if loss == WHOLE:
        return whole
    return same if loss == ONE_HOT else whole or same


def _turned(given: Shape, needed: Shape) -> bool:
    """Whether a batch has the sizes that are needed, with the channels first instead of last, or flattened."""
    return _alike((*given[2:], *given[1:2]), needed[1:]) or _alike(given[1:], (*needed[-1:], *needed[1:-1]))


def _alike(one: Shape, other: Shape) -> bool:
    """Equal sizes; Keras adds and removes a last axis of size 1."""
    if len(one) == len(other):
        return all(None in (own, wanted) or own == wanted for own, wanted in zip(one, other, strict=True))
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[-1] == 1 and len(longer) == len(shorter) + 1 and _alike(longer[:-1], shorter)


def _shape(described: dict[str, object] | None) -> Shape:
    shape = (described or {}).get("shape")
    if not isinstance(shape, list | tuple) or not all(size is None or type(size) is int for size in shape):
        return ()
    return tuple(shape)


def _arguments_of_fit(source: str) -> Iterator[dict[str, ast.expr]]:
    """The named arguments of each call of a method `fit`; nothing if the code cannot be parsed."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fit":
            yield {keyword.arg or "": keyword.value for keyword in node.keywords}


def _uses(context: Context) -> frozenset[int]:
    """The code cells that failed where a network could not read what it was given after its training."""
    calls = ("predict", "evaluate", "call")
    return frozenset(one.cell for one in context.evidence.failures if one.method in calls and one.layer is not None)


def _unreached(context: Context, fits: Iterable[CapturedFit]) -> list[NotebookCell]:
    """The code cells that failed from a call of `fit` on: its own, and those that read a variable of it.

    Without such a call, from a cell that `compile` stopped before it.
    """
    code = [cell for cell in context.cells if cell.kind == "code"]
    cells = {fit.cell for fit in fits} or {one.cell for one in context.evidence.failures if one.method == "compile"}
    trained = sorted(cell for cell in cells if cell < len(code))
    if not trained:
        return []
    loop = any(fit.loop is not None for fit in fits)
    names = {name for cell in trained for name in (written_by(code[cell]) if loop else code[cell].makes())}
    reads = re.compile("|".join([r"\.history\b", *(rf"\b{re.escape(name)}\b" for name in sorted(names))]))
    # The lists of a loop that stopped are there, and are empty: what reads them need not fail.
    failed = [run.index for run in context.evidence.cells if (loop or run.status == "error") and run.index < len(code)]
    return [
        code[index]
        for index in failed
        if index in trained
        or (index > trained[0] and (index in _uses(context) or reads.search(code[index].source[:_READ])))
    ]
