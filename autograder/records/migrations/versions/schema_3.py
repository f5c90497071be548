"""A stored finding keeps the words that were said; the same words in English no longer stand beside them.

The settings of a row are a list.
"""

import json
import zlib
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"

_RESULTS = sa.table(
    "results", sa.column("assignment", sa.String), sa.column("student", sa.String), sa.column("content", sa.LargeBinary)
)


def upgrade() -> None:
    """Rewrite every stored result; one that cannot be read stays as it is, and is named when it is asked for."""
    connection = op.get_bind()
    # One at a time: the results of a class need not fit into memory.
    for assignment, student in connection.execute(sa.select(_RESULTS.c.assignment, _RESULTS.c.student)).all():
        here = sa.and_(_RESULTS.c.assignment == assignment, _RESULTS.c.student == student)
        content: bytes = connection.execute(sa.select(_RESULTS.c.content).where(here)).scalar_one()
        with suppress(zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            connection.execute(_RESULTS.update().where(here).values(content=_rewritten(content)))


def _rewritten(content: bytes) -> bytes:
    result = json.loads(zlib.decompress(content))
    for finding in _findings(result):
        finding.pop("english", None)
        finding.pop("english_hint", None)
    for cells in _cells(result):
        if isinstance(cells["settings"], str):
            cells["settings"] = [cells["settings"]] if cells["settings"] else []
    return zlib.compress(json.dumps(result).encode("ascii"))


def _findings(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [*result["notes"], *(finding for question in result["questions"] for finding in question["findings"])]


def _cells(result: dict[str, Any]) -> list[dict[str, Any]]:
    exhibits = [one for question in result["questions"] for one in question["exhibits"] if one["kind"] == "comparison"]
    sides = [row[side] for one in exhibits for row in one["rows"] for side in ("expected", "actual")]
    return [cells for cells in sides if cells is not None]
