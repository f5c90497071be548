"""Results and notebooks as the cnn2 exercise gives them, for the tests of the pages."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from sample_findings import missing_layer, other_count
from sample_notebook import picture

from autograder.core.messages import Message, message, phrase, verbatim
from autograder.records.result import (
    ComparisonExhibit,
    ComparisonRow,
    CurveExhibit,
    Finding,
    MistakenImage,
    PredictionsExhibit,
    Result,
    RowCells,
    TextExhibit,
    Verdict,
)

TITLE = "cnn2: add the missing layers"
TABLE = [
    ("Conv2D", "32 filters, 3 × 3, same", "28 × 28 × 32", 320),
    ("BatchNormalization", "", "28 × 28 × 32", 128),
    ("Activation", "relu", "28 × 28 × 32", 0),
    ("Conv2D", "32 filters, 3 × 3, same", "28 × 28 × 32", 9248),
    ("BatchNormalization", "", "28 × 28 × 32", 128),
    ("Activation", "relu", "28 × 28 × 32", 0),
    ("MaxPooling2D", "2 × 2", "14 × 14 × 32", 0),
    ("Conv2D", "64 filters, 3 × 3, same", "14 × 14 × 64", 18496),
    ("BatchNormalization", "", "14 × 14 × 64", 256),
    ("Activation", "relu", "14 × 14 × 64", 0),
    ("Conv2D", "64 filters, 3 × 3, same", "14 × 14 × 64", 36928),
    ("BatchNormalization", "", "14 × 14 × 64", 256),
    ("Activation", "relu", "14 × 14 × 64", 0),
    ("MaxPooling2D", "2 × 2", "7 × 7 × 64", 0),
    ("Flatten", "", "3136", 0),
    ("Dense", "200 units", "200", 627400),
    ("BatchNormalization", "", "200", 800),
    ("Dropout", "rate 0.3", "200", 0),
    ("Activation", "relu", "200", 0),
    ("Dense", "10 units", "10", 2010),
    ("Activation", "softmax", "10", 0),
]
MARKED = range(10, 14)


def rows(**changed: ComparisonRow) -> tuple[ComparisonRow, ...]:
    """The table of cnn2 against itself; `r13=...` replaces row 13."""
    result = []
    for index, (layer, settings, shape, parameters) in enumerate(TABLE):
        cells = RowCells(layer=layer, settings=_settings(settings), shape=shape, parameters=parameters)
        same = ComparisonRow(state="same", expected=cells, actual=cells, marked=index in MARKED)
        result.append(changed.get(f"r{index}", same))
    return tuple(result)


def expected(index: int) -> RowCells:
    layer, settings, shape, parameters = TABLE[index]
    return RowCells(layer=layer, settings=_settings(settings), shape=shape, parameters=parameters)


def _settings(text: str) -> tuple[Message, ...]:
    return tuple(map(verbatim, filter(None, text.split(", "))))


def curve(best: float = 0.962, epochs: int = 6) -> CurveExhibit:
    validation = (*(round(best - 0.42 * 0.45**epoch, 4) for epoch in range(epochs - 1)), best)
    training = tuple(min(0.999, round(value + 0.02 - 0.05 / (epoch + 1), 4)) for epoch, value in enumerate(validation))
    return CurveExhibit(
        network="model",
        training_accuracy=training,
        validation_accuracy=validation,
        threshold=0.9,
        reference_low=0.941,
        reference_high=0.968,
    )


def taken_for(right: float = 0.96, seed: int = 5) -> PredictionsExhibit:
    """600 digits, of which a network recognizes this share, and a dozen drawn by hand that it did not."""
    chance = random.Random(seed)
    matrix = [[0] * 10 for _ in range(10)]
    mistakes = []
    for _ in range(600):
        truth = chance.randrange(10)
        taken = truth if chance.random() < right else chance.choice([(truth + 5) % 10, (truth * 7 + 1) % 10])
        matrix[truth][taken] += 1
        if taken != truth and len(mistakes) < 12:
            mistakes.append(MistakenImage(truth=str(truth), predicted=str(taken), png=picture(28, 28)))
    return PredictionsExhibit(
        network="model",
        classes=tuple("0123456789"),
        confusion=tuple(map(tuple, matrix)),
        mistakes=tuple(mistakes),
    )


def close_curve() -> CurveExhibit:
    """A curve that ended so close to the threshold that five starts decided."""
    return curve(0.904).model_copy(
        update={"accuracies": (0.904, 0.893, 0.891, 0.899, 0.887), "interval": (0.8865, 0.9031)}
    )


WRITTEN = Verdict(
    id="performance",
    title="How is the performance of cnn2?",
    status="needs_review",
    score=0,
    points=1,
    findings=(
        Finding(
            message=message("written.found", "Your answer was found; a person reads it and gives the points."),
            where=message("where.cell", "cell {number}", number=5),
        ),
    ),
    exhibits=(
        TextExhibit(text="It reaches about 96 % on the validation images.\nThe gap to the training curve is small."),
    ),
)


def result(student: str, verdicts: tuple[Verdict, ...], **changes: object) -> Result:
    values: dict[str, object] = {
        "student": student,
        "submission": f"{student}.ipynb",
        "status": "graded",
        "score": round(sum(verdict.score for verdict in verdicts), 3),
        "points": sum(verdict.points for verdict in verdicts),
        "pending": sum(verdict.pending for verdict in verdicts),
        "questions": verdicts,
        "isolation": "bubblewrap",
        "device": "cpu",
        "versions": {"autograder": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0"},
        "keys": {"evidence": "9f2c81d07bc5" + "0" * 52, "training": "41be90aa1772" + "0" * 52},
        "seconds": 6.42,
    }
    return Result.model_validate(values | changes)


def answered(student: str, said: Message | str, status: str = "wrong", text: str = "", **changes: object) -> Result:
    finding = Finding(message=said)
    exhibits = (TextExhibit(text=text),) if text else ()
    verdict = Verdict.model_validate(
        {
            "id": "q",
            "title": "Q",
            "status": status,
            "score": 0,
            "points": 1,
            "findings": (finding,),
            "exhibits": exhibits,
        }
    )
    return result(student, (verdict,), **changes)


def page_of(student: str) -> str:
    return f"{student}.html"


QUESTIONS = (
    ("missing_layers", "The missing layers", 5),
    ("parameters", "The number of parameters", 1),
    ("accuracy", "Accuracy after a short training run", 3),
)


def of_cnn2(student: str, *judged: dict[str, Any], **changes: object) -> Result:
    """A result of the three questions, each by what was judged; the written answer waits for a review."""
    given = zip(QUESTIONS, judged, strict=True)
    verdicts = [{"id": id, "title": title, "points": points, **one} for (id, title, points), one in given]
    return result(student, (*map(Verdict.model_validate, verdicts), WRITTEN), **changes)


def solved(student: str = "Ada Lovelace") -> Result:
    layers = ComparisonExhibit(network="model", rows=rows(), expected_total=695_970, actual_total=695_970)
    return of_cnn2(
        student,
        {"status": "correct", "score": 5, "exhibits": (layers,)},
        {"status": "correct", "score": 1},
        {"status": "correct", "score": 3, "exhibits": (curve(), taken_for())},
    )


def pooling_forgotten(student: str = "Zoë Müller") -> Result:
    because = phrase("nothing halved the image before {layer}", layer="Flatten")
    changed = {
        "r13": ComparisonRow(state="missing", expected=expected(13), marked=True),
        "r14": ComparisonRow(
            state="consequence",
            expected=expected(14),
            actual=RowCells(layer="Flatten", shape="12544", parameters=0),
            note=message(
                "row.shape_because",
                "The shape {expected} was expected here; it is {given} because {reasons}.",
                expected="(None, 3136)",
                given="(None, 12544)",
                reasons=(because,),
            ),
        ),
        "r15": ComparisonRow(
            state="consequence",
            expected=expected(15),
            actual=RowCells(layer="Dense", settings=_settings("200 units"), shape="200", parameters=2_509_000),
            note=message(
                "row.parameters_because",
                "{expected:,} parameters were expected here; it has {given:,} because {reasons}.",
                expected=627_400,
                given=2_509_000,
                reasons=(because,),
            ),
        ),
    }
    layers = ComparisonExhibit(network="model", rows=rows(**changed), expected_total=695_970, actual_total=2_577_570)
    return of_cnn2(
        student,
        {"status": "partial", "score": 3.75, "findings": (missing_layer("MaxPooling2D"),), "exhibits": (layers,)},
        {"status": "wrong", "score": 0, "findings": (other_count(2_577_570),)},
        {"status": "correct", "score": 3, "exhibits": (curve(0.951), taken_for(0.95))},
    )


def template(student: str = "Leer Vorlage") -> Result:
    changed = {
        f"r{index}": ComparisonRow(state="missing", expected=expected(index), marked=True) for index in MARKED
    } | {
        "r15": ComparisonRow(
            state="consequence",
            expected=expected(15),
            actual=RowCells(layer="Dense", settings=_settings("200 units"), shape="200", parameters=2_509_000),
            note=message(
                "row.parameters",
                "{expected:,} parameters were expected here; it has {given:,}.",
                expected=627_400,
                given=2_509_000,
            ),
        )
    }
    layers = ComparisonExhibit(network="model", rows=rows(**changed), expected_total=695_970, actual_total=2_540_386)
    missing = (missing_layer("Conv2D"), missing_layer("MaxPooling2D"))
    not_counted = Finding(
        message=message(
            "depends.not_counted",
            "Not counted, because it builds on “{title}”: at least {needed:g} of its {points:g} points are needed "
            "there, and you have {score:g}.",
            title="The missing layers",
            needed=2.5,
            points=5.0,
            score=0.0,
        )
    )
    return of_cnn2(
        student,
        {"status": "wrong", "score": 0, "findings": missing, "exhibits": (layers,)},
        {"status": "wrong", "score": 0, "findings": (other_count(2_540_386),)},
        {
            "status": "not_reached",
            "score": 0,
            "findings": (not_counted,),
            "exhibits": (close_curve(), taken_for(0.6)),
        },
        status="incomplete",
        notes=(
            Finding(
                message=message(
                    "cell.stopped",
                    "This cell was still running after {seconds:.0f} seconds and was stopped.",
                    seconds=60.0,
                ),
                where=message("where.code_cell", "code cell {number}", number=4),
                hint=message(
                    "hint.endless_loop",
                    "Look for a loop that never ends, or for work that is much larger than the exercise needs.",
                ),
            ),
        ),
    )


def unreadable(student: str = "notes") -> Result:
    return result(
        student,
        (),
        status="unreadable",
        score=0,
        points=10,
        pending=0,
        notes=(Finding(message=message("notebook.empty", "The file is empty ({count} bytes).", count=0)),),
    )


def class_of(number: int, seed: int = 7) -> Iterator[Result]:
    """A class as it might be: many solve it, some forget something, a few hand in nothing that runs."""
    chance = random.Random(seed)
    first = ("Ada", "Ben", "Chiara", "Deniz", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Nora", "Tara")
    last = ("Abel", "Bauer", "Çelik", "Duarte", "Fuchs", "García", "Huber", "Ivanova", "Kowalski", "Okafor", "Petit")
    for index in range(number):
        student = f"{chance.choice(first)} {chance.choice(last)} {index:03d}"
        kind = chance.choices(("solved", "pooling", "template", "unreadable"), (60, 22, 14, 4))[0]
        yield {"solved": solved, "pooling": pooling_forgotten, "template": template, "unreadable": unreadable}[kind](
            student
        )
