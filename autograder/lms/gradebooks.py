"""Where each platform's file says whose line it is, the maximum score, and where the score goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograder.lms.roster import ExportError, RosterTable

Target = Literal["canvas", "moodle", "gradescope", "csv"]

# Headers of Moodle's grading worksheet as its language packs have them (mod/assign/lang: recordid, gradenoun,
# submissionteam, lastmodifiedgrade; lang: fullname, email, idnumber; gradingstatus), in English, German, French,
# Spanish, Italian, Portuguese and Dutch. Other languages are found by their form, or named with --column.
_MOODLE_GRADE = {
    *("grade", "bewertung", "note", "calificación", "valutazione", "nota", "avaliação", "cijfer"),
}
_MOODLE_MAXIMUM = {
    *("maximum grade", "bestwertung", "note maximale", "calificación máxima", "valutazione massima"),
    *("nota máxima", "avaliação máxima", "maximumcijfer", "maximum cijfer"),
}
_MOODLE_IDENTIFIER = {"identifier", "id", "identifiant", "identificador", "identificativo", "identificatie"}
_MOODLE_SCALES = {"scale", "skala", "barème", "escala", "scala", "schaal"}
_MOODLE_TEAMS = {"group", "gruppe", "groupe", "grupo", "gruppo", "groep"}
_NAMES = {
    *("full name", "vollständiger name", "name", "nom complet", "nombre completo", "nome completo", "volledige naam"),
    *("student", "student name", "fullname", "nome", "nom", "nombre", "cognome/nome"),
}
_EMAILS = {
    *("email", "e-mail", "email address", "e-mail-adresse", "e-mail address", "mail", "adresse de courriel"),
    *("dirección de correo", "correo electrónico", "indirizzo email", "endereço de email", "e-mailadres"),
}
_NUMBERS = {"id number", "id-nummer", "sid", "student id", "matriculation number", "matrikelnummer", "sis user id"}
_LOGINS = {"username", "login", "login id", "sis login id", "user", "anmeldename"}
_PARTICIPANT = re.compile(r"(\D*?)(\d+)\s*")
_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)")
# What follows the students' own columns in a Canvas gradebook and never takes a score.
_CANVAS_TOTALS = re.compile(
    r".*\b(current|final|unposted|override)\b.*\b(score|grade|points|status)\b.*", re.IGNORECASE
)


@dataclass(frozen=True)
class Line:
    """One student in the roster: the row in the table and everything that can identify them.

    `team` is the group that Moodle's students hand in with, `hidden` the name shown by Moodle's blind marking.
    """

    row: int
    name: str
    id: str = ""
    keys: frozenset[str] = frozenset()
    team: str = ""
    hidden: str = ""


@dataclass(frozen=True)
class GradebookLayout:
    """A roster that was understood: who, which column takes the score, and the maximum of each row (None: unknown)."""

    target: Target
    column: int
    lines: tuple[Line, ...]
    maxima: dict[int, float] = field(default_factory=dict)
    decimal_comma: bool = False
    places: int = 2


def understand(table: RosterTable, target: Target, column: str | None, titles: Sequence[str]) -> GradebookLayout:
    """Read a roster by the rules of its platform.

    Args:
        table: the instructor's file.
        target: whose file it is.
        column: the header (or, for Canvas, the number) of the column to fill, if the instructor named it.
        titles: what the assignment is called; if no column was named, one with such a name is used.

    Raises:
        ExportError: it is not such a file, or it is unclear which column takes the score.
    """
    readers = {"canvas": _canvas, "moodle": _moodle, "gradescope": _gradescope, "csv": _csv}
    return readers[target](table, column, titles)


def _canvas(table: RosterTable, column: str | None, titles: Sequence[str]) -> GradebookLayout:
    header = table.header
    lower = [name.casefold() for name in header]
    # One column for the name, or two if the gradebook is set to show them apart (app/models/gradebook_exporter.rb).
    apart = lower[:2] == ["lastname", "firstname"]
    own = 2 if apart else 1
    if not (apart or "student" in lower[0]) or len(lower) <= own or "id" not in lower[own] or "section" not in lower:
        raise ExportError(
            f"{table.path} is no Canvas gradebook: its first columns are not Student and ID. Export the gradebook "
            "(Grades, Export) and name that file."
        )
    start = max(index for index, name in enumerate(lower) if name == "section") + 1
    offered = [
        index
        for index in range(start, len(header))
        if not _CANVAS_TOTALS.fullmatch(header[index]) and "(read only)" not in lower[index] and header[index]
    ]
    chosen = _column(table, column, titles, offered, "assignment")
    number, login = _find(lower, {"sis user id"}), _find(lower, {"sis login id"})
    lines, maxima = [], 0.0
    for row in table.body:
        first = table.text(row, 0).casefold()
        identity = table.text(row, own)
        name = f"{table.text(row, 0)}, {table.text(row, 1)}" if apart else table.text(row, 0)
        if not identity and first == "points possible":
            maxima = _number(table.text(row, chosen)) or 0.0
        elif name == "Student, Test":
            continue  # the instructor's own view of the course
        elif identity or table.text(row, number) or table.text(row, login):
            keys = _keys(table.text(row, number), table.text(row, login))
            lines.append(Line(row, name, identity, keys))
    found = {line.row: maxima for line in lines} if maxima else {}
    return GradebookLayout("canvas", chosen, tuple(lines), found, _comma(table, range(start, len(header))))


def _moodle(table: RosterTable, column: str | None, titles: Sequence[str]) -> GradebookLayout:
    lower = [name.casefold() for name in table.header]
    identifier = _find(lower, _MOODLE_IDENTIFIER)
    body = table.body
    if identifier is None or not all(_PARTICIPANT.fullmatch(table.text(row, identifier)) for row in body):
        candidates = [
            index
            for index in range(min(3, len(lower)))
            if all(re.fullmatch(r"\D+\d+", table.text(row, index)) for row in body)
        ]
        identifier = candidates[0] if candidates else None
    if identifier is None:
        raise ExportError(
            f"{table.path} is no Moodle grading worksheet: no column holds participants. In the assignment choose "
            "“Download grading worksheet” (it needs the feedback type “Offline grading worksheet”) and name that file."
        )
    if _find(lower, _MOODLE_SCALES) is not None:
        raise ExportError(
            f"{table.path}: this assignment is graded with a scale of words, not with points. Set its grade to points "
            "in Moodle and download the worksheet again."
        )
    maximum = _find(lower, _MOODLE_MAXIMUM)
    grade = _find(lower, _MOODLE_GRADE)
    if column is not None or grade is None:
        if column is None and maximum is not None and maximum > 0:
            grade = maximum - 1
        else:
            grade = _column(table, column, [], [i for i in range(len(lower)) if i != identifier], "Grade")
    name, email, number = _find(lower, _NAMES), _find(lower, _EMAILS), _find(lower, _NUMBERS)
    # The last one before the grade: a field of the user's profile can have this name too, further left.
    team = next((index for index in reversed(range(grade)) if lower[index] in _MOODLE_TEAMS), None)
    lines = []
    for row in body:
        match = _PARTICIPANT.fullmatch(table.text(row, identifier))
        if match:
            keys = _keys(table.text(row, email), table.text(row, number))
            lines.append(Line(row, table.text(row, name), match[2], keys, table.text(row, team), match[1]))
    maxima = {line.row: reached for line in lines if (reached := _number(table.text(line.row, maximum)))}
    columns = [index for index in (grade, maximum) if index is not None]
    return GradebookLayout("moodle", grade, tuple(lines), maxima, table.decimal_comma(columns))


def _gradescope(table: RosterTable, column: str | None, titles: Sequence[str]) -> GradebookLayout:
    layout = _csv(table, column or "Total Score", titles)
    maximum = _find([name.casefold() for name in table.header], {"max points"})
    maxima = {line.row: reached for line in layout.lines if (reached := _number(table.text(line.row, maximum)))}
    return GradebookLayout("gradescope", layout.column, layout.lines, maxima, layout.decimal_comma)


def _csv(table: RosterTable, column: str | None, titles: Sequence[str]) -> GradebookLayout:
    lower = [name.casefold() for name in table.header]
    name, email, number, login = (_find(lower, known) for known in (_NAMES, _EMAILS, _NUMBERS, _LOGINS))
    first, last = (
        _find(lower, {"first name", "firstname", "vorname"}),
        _find(lower, {"last name", "surname", "nachname"}),
    )
    own = _find(lower, {"id"})
    who = [index for index in (name, email, number, login, first, last, own) if index is not None]
    if not who:
        raise ExportError(
            f"{table.path} does not say who its students are: it needs a column called Name, Email, Username or SID; "
            f"it has {_listed(table.header)}."
        )
    wanted = [*titles, "score", "grade", "points"]
    chosen = _column(table, column, wanted, [index for index in range(len(lower)) if index not in who], "score")
    lines = []
    for row in table.body:
        called = table.text(row, name) or f"{table.text(row, first)} {table.text(row, last)}".strip()
        keys = _keys(*(table.text(row, index) for index in (email, number, login, own)))
        if called or keys:
            lines.append(Line(row, called or ", ".join(sorted(keys)), "", keys))
    return GradebookLayout(
        "csv", chosen, tuple(lines), {}, _comma(table, [i for i in range(len(lower)) if i not in who]), places=3
    )


def _column(table: RosterTable, named: str | None, titles: Sequence[str], offered: Sequence[int], kind: str) -> int:
    """The column that was named, or the one called like the assignment.

    A single column of another name is not used: it is another assignment's.
    """
    header = table.header
    names = {index: {header[index].casefold()} for index in offered}
    for index in offered:
        if match := _ASSIGNMENT.fullmatch(header[index]):
            names[index] |= {match["title"].casefold(), match["id"]}
    if named is not None:
        found = [index for index in offered if header[index] == named.strip()] or [
            index for index in offered if named.strip().casefold() in names[index]
        ]
    else:
        found = []
        for title in titles:
            found = found or [index for index in offered if title.casefold() in names[index]]
    if len(found) == 1:
        return found[0]
    columns = _listed([header[index] for index in offered])
    if named is None and titles and not found:
        called = " or ".join(f'"{title}"' for title in dict.fromkeys(titles))
        raise ExportError(
            f"{table.path}: no column is called {called}, so which takes the {kind} is not clear; name it with "
            f"--column. It has {columns}."
        )
    if named is None:
        raise ExportError(
            f"{table.path}: which column takes the {kind} is not clear; name it with --column. It has {columns}."
        )
    what = "several columns" if found else "no column"
    raise ExportError(f'{table.path} has {what} called "{named}"; name one of {columns}.')


def _find(lower: Sequence[str], known: set[str]) -> int | None:
    return next((index for index, name in enumerate(lower) if name in known), None)


def _keys(*values: str) -> frozenset[str]:
    return frozenset(value.casefold() for value in values if value)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _comma(table: RosterTable, columns: Sequence[int]) -> bool:
    """Whether scores get a decimal comma: as other numbers there have it, or because ";" leaves the comma free."""
    dots = any(re.fullmatch(r"\d+\.\d+", table.text(row, column)) for row in table.body for column in columns)
    return table.decimal_comma(list(columns)) or (table.delimiter == ";" and not dots)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:12] if name)
    return (shown or "none") + (f" and {len(names) - 12} more" if len(names) > 12 else "")
