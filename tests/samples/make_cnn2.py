"""Makes the sample class of cnn2 and the correct variants from the assignment notebook.

    python tests/samples/make_cnn2.py

Run it after a change of the assignment notebook; a test says when that was forgotten.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from cnn2_class import CLASS
from cnn2_variants import VARIANTS
from sheet import NotANotebook, Sample, Samples, Sheet

FOLDERS = {"cnn2": CLASS, "cnn2_correct": VARIANTS}


def files(samples: Samples) -> dict[str, str]:
    """The text of every file of a folder, by its name."""
    made = {f"{sample.student}.ipynb": _handed_in(sample) for sample in samples.all}
    return made | {"expected.toml": "\n".join(_expected(sample) for sample in samples.all)}


def _handed_in(sample: Sample) -> str:
    sheet = Sheet()
    try:
        sample.edit(sheet)
    except NotANotebook as text:
        return str(text)
    return sheet.text()


def _expected(sample: Sample) -> str:
    """What a sample earns, as a table of TOML; its texts are written as JSON, which TOML reads."""
    lines = [
        f"[{_quoted(sample.student)}]",
        f"what = {_quoted(sample.what)}",
        f"status = {_quoted(sample.status)}",
    ]
    untouched = sample.status != "unreadable" and _left_empty(sample)
    statuses = sample.statuses | ({"performance": "not_reached"} if untouched else {})
    for question, score in sample.scores.items():
        lines.append(f"{question} = {{ score = {score}, status = {_quoted(statuses[question])} }}")
    return "\n".join(lines) + "\n"


def _left_empty(sample: Sample) -> bool:
    """Whether the place of the written answer is as the handout has it: that needs no person."""
    sheet, handout = Sheet(), Sheet()
    sample.edit(sheet)
    answers = [cell["source"] for cell in sheet.cells if cell["id"] == "performance-answer"]
    return answers == [handout.cell("performance-answer")["source"]]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def main() -> None:
    for folder, samples in FOLDERS.items():
        target = HERE / folder
        target.mkdir(exist_ok=True)
        for old in target.iterdir():
            old.unlink()
        for name, text in files(samples).items():
            (target / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
