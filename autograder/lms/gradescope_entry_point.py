"""What `run_autograder` starts on Gradescope: `python -m autograder.lms.gradescope_entry_point /autograder`.

It grades as under `otter run`, without otter's kernel, and it answers for what otter cannot open: no notebook, several
of them, or a file that is not a notebook.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from autograder.core.files import write_atomically
from autograder.core.language import use_language
from autograder.lms.gradescope import failure_json
from autograder.lms.packaged import (
    close_to_others,
    grade_packaged,
    packaged_assignment,
    packaged_language,
    read_metadata,
    student_of,
)


def main(base: Path) -> None:
    """Grade what is in `base`/submission; always writes `results.json`, and otter's `results.pkl`."""
    source, handed_in, answers = base / "source", base / "submission", base / "results"
    answers.mkdir(exist_ok=True)
    close_to_others(source, handed_in, answers, *base.glob("*.zip"))  # and what was unpacked
    try:
        student = student_of(read_metadata(base / "submission_metadata.json"), "submission")
        result = grade_packaged(source, handed_in, student)
        hidden = {question.id for question in packaged_assignment(source).questions if question.hidden}
    except Exception as failure:
        print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
        with use_language(packaged_language(source)):
            document = failure_json(str(failure))
        write_atomically(answers / "results.json", json.dumps(document, indent=2))
        return
    import dill

    from autograder.lms.otter_results import Graded

    with use_language(packaged_language(source)):
        graded = Graded(result, hidden)
    write_atomically(answers / "results.json", json.dumps(graded.document, indent=2))
    write_atomically(answers / "results.pkl", dill.dumps(graded))  # read by `otter grade`


if __name__ == "__main__":
    main(Path(sys.argv[1]))
