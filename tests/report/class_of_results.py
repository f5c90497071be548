"""Results and notebooks as the cnn2 exercise gives them, for the tests of the pages."""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Iterator

import nbformat
from PIL import Image, ImageDraw

from autograder.records.evidence import CellRun, Evidence, Failure
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
from autograder.report.pages import PageCell, page_cells

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
        cells = RowCells(layer=layer, settings=settings, shape=shape, parameters=parameters)
        same = ComparisonRow(state="same", expected=cells, actual=cells, marked=index in MARKED)
        result.append(changed.get(f"r{index}", same))
    return tuple(result)


def expected(index: int) -> RowCells:
    layer, settings, shape, parameters = TABLE[index]
    return RowCells(layer=layer, settings=settings, shape=shape, parameters=parameters)


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
    findings=(Finding(message="Your answer was found; a person reads it and gives the points.", where="cell 5"),),
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


def solved(student: str = "Ada Lovelace") -> Result:
    layers = ComparisonExhibit(network="model", rows=rows(), expected_total=695_970, actual_total=695_970)
    return result(
        student,
        (
            Verdict(
                id="missing_layers", title="The missing layers", status="correct", score=5, points=5, exhibits=(layers,)
            ),
            Verdict(id="parameters", title="The number of parameters", status="correct", score=1, points=1),
            Verdict(
                id="accuracy",
                title="Accuracy after a short training run",
                status="correct",
                score=3,
                points=3,
                exhibits=(curve(), taken_for()),
            ),
            WRITTEN,
        ),
    )


def pooling_forgotten(student: str = "Zoë Müller") -> Result:
    shapes = "It reads 14 × 14 × 64 instead of 7 × 7 × 64, because the pooling before it is missing."
    changed = {
        "r13": ComparisonRow(
            state="missing", expected=expected(13), marked=True, note="This layer is not in your network."
        ),
        "r14": ComparisonRow(
            state="consequence",
            expected=expected(14),
            actual=RowCells(layer="Flatten", shape="12544", parameters=0),
            note=shapes,
        ),
        "r15": ComparisonRow(
            state="consequence",
            expected=expected(15),
            actual=RowCells(layer="Dense", settings="200 units", shape="200", parameters=2_509_000),
            note="It has 2,509,000 parameters instead of 627,400, because four times as many values reach it.",
        ),
    }
    layers = ComparisonExhibit(network="model", rows=rows(**changed), expected_total=695_970, actual_total=2_577_570)
    return result(
        student,
        (
            Verdict(
                id="missing_layers",
                title="The missing layers",
                status="partial",
                score=3.75,
                points=5,
                findings=(
                    Finding(
                        message="A MaxPooling2D layer is missing after the last Activation of the marked part.",
                        where="row 14 of the summary",
                        hint="Compare the output shapes with the handout's, from top to bottom: which differs first?",
                    ),
                ),
                exhibits=(layers,),
            ),
            Verdict(
                id="parameters",
                title="The number of parameters",
                status="wrong",
                score=0,
                points=1,
                findings=(
                    Finding(
                        message="Your network has 2,577,570 parameters, not 695,970. That follows from what differs.",
                        hint="Mend the missing layers first, then look at this number again.",
                    ),
                ),
            ),
            Verdict(
                id="accuracy",
                title="Accuracy after a short training run",
                status="correct",
                score=3,
                points=3,
                exhibits=(curve(0.951), taken_for(0.95)),
            ),
            WRITTEN,
        ),
    )


def template(student: str = "Leer Vorlage") -> Result:
    changed = {
        f"r{index}": ComparisonRow(state="missing", expected=expected(index), marked=True) for index in MARKED
    } | {
        "r15": ComparisonRow(
            state="consequence",
            expected=expected(15),
            actual=RowCells(layer="Dense", settings="200 units", shape="200", parameters=2_509_000),
            note="Its input is larger, because the layers before it are missing.",
        )
    }
    layers = ComparisonExhibit(network="model", rows=rows(**changed), expected_total=695_970, actual_total=2_540_386)
    return result(
        student,
        (
            Verdict(
                id="missing_layers",
                title="The missing layers",
                status="wrong",
                score=0,
                points=5,
                findings=(
                    Finding(
                        message="None of the four missing layers is in your network.",
                        where="cell 2",
                        hint="Write them between the two comment lines of the template, then run the cell again.",
                    ),
                ),
                exhibits=(layers,),
            ),
            Verdict(
                id="parameters",
                title="The number of parameters",
                status="wrong",
                score=0,
                points=1,
                findings=(Finding(message="Your network has 2,540,386 parameters; 695,970 were expected."),),
            ),
            Verdict(
                id="accuracy",
                title="Accuracy after a short training run",
                status="not_reached",
                score=0,
                points=3,
                findings=(Finding(message="The accuracy counts once at least half of the missing layers are right."),),
                exhibits=(close_curve(), taken_for(0.6)),
            ),
            WRITTEN,
        ),
        status="incomplete",
        notes=(
            Finding(
                message="A cell ran longer than 60 seconds and was stopped.",
                where="cell 6",
                hint="Does a loop in it ever end?",
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
        notes=(
            Finding(
                message="notes.ipynb is empty: it has 0 bytes.",
                hint="Open your notebook in Jupyter, save it, and hand it in again.",
            ),
        ),
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


def picture(width: int = 560, height: int = 380, kind: str = "PNG") -> str:
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.line([(20, height - 30), (width // 3, 90), (width - 20, 50)], fill=(30, 80, 160), width=3)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def notebook_cells() -> list[PageCell]:
    """A short cnn2 notebook as it ran: progress bars, a picture, a table, an error."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(
                "# cnn2\n\nAdd the missing layers, so that the network has $695\\,970$ parameters."
            ),
            nbformat.v4.new_code_cell(
                "import keras\nfrom keras import layers\n\nmodel = keras.Sequential([\n    keras.Input((28, 28, 1)),\n"
                '    layers.Conv2D(32, 3, padding="same"),  # the first one\n])\nmodel.summary()'
            ),
            nbformat.v4.new_code_cell("history = model.fit(X_train, Y_train, validation_data=(X_val, Y_val))"),
            nbformat.v4.new_code_cell("pd.DataFrame(history.history).tail(2)"),
            nbformat.v4.new_markdown_cell("## How is the performance?\n\nIt reaches *about* 96 %."),
            nbformat.v4.new_code_cell("1 / 0"),
        ]
    )
    summary = 'Model: "sequential"\n' + "\n".join(
        f" conv2d_{number} (Conv2D)              (None, 28, 28, 32)              {number * 320:>8,}"
        for number in range(1, 5)
    )
    bars = (
        "".join(f"\r\x1b[1m{step}/19\x1b[0m \x1b[32m━━━━━━\x1b[0m loss: {1 / step:.4f}" for step in range(1, 20)) + "\n"
    )
    table = (
        "<div><style scoped>.dataframe th{color:red}</style><table border='1' class='dataframe'><thead><tr><th></th>"
        "<th>accuracy</th><th>loss</th></tr></thead><tbody><tr><th>4</th><td>0.951</td><td>0.143</td></tr></tbody></table></div>"
    )
    runs = (
        CellRun(
            index=0, status="ok", seconds=0.31, outputs=({"output_type": "stream", "name": "stdout", "text": summary},)
        ),
        CellRun(
            index=1,
            status="ok",
            seconds=3.4,
            outputs=(
                {"output_type": "stream", "name": "stdout", "text": "Epoch 1/1\n" + bars},
                {
                    "output_type": "display_data",
                    "data": {"image/png": picture(), "text/plain": "<Figure size 640x480>"},
                },
            ),
        ),
        CellRun(
            index=2,
            status="ok",
            outputs=({"output_type": "execute_result", "data": {"text/html": table, "text/plain": "…"}},),
        ),
        CellRun(
            index=3,
            status="error",
            failure=Failure(name="ZeroDivisionError", message="division by zero", line=1),
            outputs=(
                {
                    "output_type": "error",
                    "ename": "ZeroDivisionError",
                    "evalue": "division by zero",
                    "traceback": ["\x1b[31m----\x1b[39m", "Cell In[4], line 1\n----> 1 1 / 0"],
                },
            ),
        ),
    )
    evidence = Evidence(key="k", cells=runs, isolation="bubblewrap", versions={})
    return page_cells(notebook, evidence)
