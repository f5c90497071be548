"""What can be wrong with predictions of hidden houses."""

from typing import Any

from changes import Change, Wrong

from autograder.records.evidence import Evidence


def predicted(**changes: Any) -> Change:
    """Another outcome of what was asked."""

    def change(evidence: Evidence) -> Evidence:
        (found,) = evidence.predictions
        return evidence.model_copy(update={"predictions": (found.model_copy(update={"score": None, **changes}),)})

    return change


HOUSES_OPEN = [
    Wrong(
        "unseen_prices", predicted(status="predicted", score=0.871), "determination R² 0.87. It takes"
    ),
    Wrong(
        "unseen_prices", predicted(status="predicted", score=-3.2), "takes 0.94 for all points, and 0.8 earns"
    ),
    Wrong("unseen_prices", predicted(status="unsteady"), "another output for the same row"),
    Wrong("unseen_prices", predicted(status="no_name"), "There is nothing called `predict` in the notebook."),
    Wrong("unseen_prices", predicted(status="no_call"), "nor an object with a method `predict`"),
    Wrong("unseen_prices", predicted(status="raised", error="KeyError", cell=1, line=3), "`predict` raised `KeyError`"),
    Wrong("unseen_prices", predicted(status="raised"), "`predict` raised an exception when it was given rows."),
    Wrong("unseen_prices", predicted(status="malformed", problem="rows"), "another number of rows than it was given"),
    Wrong("unseen_prices", predicted(status="malformed", problem="missing"), "a value is missing or infinite"),
    Wrong("unseen_prices", predicted(status="timeout"), "`predict` did not finish in time."),
    Wrong("unseen_prices", predicted(status="died"), "because it used too much memory"),
    Wrong("unseen_prices", predicted(status="not_run"), "before `predict` could be called"),
]
