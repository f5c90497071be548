"""Which result belongs to which line of a roster: by platforms' unique ids, then by name; never by a guess."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.lms.gradebooks import Line, Target
from autograder.records.result import Person, Result

_BY_NAME = "by name"
_BY_TEAM = "by team"
# The name of files that an instructor hands in from Canvas's student view.
_TEST_STUDENT = "studenttest"


@dataclass(frozen=True)
class Matching:
    """`found` is the result of each line by row, `without` the lines that have none.

    Submissions of Canvas's Test Student, the instructor's own view of the course, are skipped. `unmatched` and
    `unclear` are sentences about submissions that match no line, and that match several or of which there are several;
    `by_name` are students matched by name only, although a platform gave more; `teams` are groups whose submission is
    on the line of every member.
    """

    found: dict[int, Result]
    without: tuple[Line, ...]
    unmatched: tuple[str, ...]
    unclear: tuple[str, ...]
    by_name: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


def match(results: Iterable[Result], lines: Sequence[Line], target: Target) -> Matching:
    """Find the line of every result, and of every member of a group.

    The platform's own number decides where both sides have one; then the institution's number, the email address or
    the login; then the name. A number that Moodle assigns per assignment must come with the same name, or the worksheet
    is another assignment's. A Moodle team is found by the name that its members' lines give it.
    """
    results = list(results)
    known = _Known(lines, [person for one in results for person in (one.handed_in.persons if one.handed_in else ())])
    claims: defaultdict[int, list[Result]] = defaultdict(list)
    unmatched: list[str] = []
    unclear: list[str] = []
    by_name: list[str] = []
    teams: list[str] = []
    for result in results:
        persons: Sequence[Person] = result.handed_in.persons if result.handed_in else ()
        for person in persons or (None,):
            if known.is_test_student(result, person):
                continue
            called = result.student if person is None or len(persons) == 1 else person.name or person.email
            found, why = known.lines_of(result, person, target)
            if why == _BY_TEAM:
                for line in found:
                    claims[line.row].append(result)
                teams.append(f"{called}: {', '.join(_called(line) for line in found)}")
            elif len(found) == 1:
                claims[found[0].row].append(result)
                by_name += [f"{called} as {_called(found[0])}"] if why == _BY_NAME else []
            elif found:
                unclear.append(f"{called}: {_several(found)}")
            else:
                unmatched.append(f"{called}{f': {why}' if why else ''}")
    names = {line.row: line for line in lines}
    for row, claiming in claims.items():
        if len(claiming) > 1:
            unclear.append(
                f"{_called(names[row])}: has several submissions, {' and '.join(one.student for one in claiming)}"
            )
    return Matching(
        {row: claiming[0] for row, claiming in claims.items() if len(claiming) == 1},
        tuple(line for line in lines if line.row not in claims),
        tuple(unmatched),
        tuple(unclear),
        tuple(by_name),
        tuple(teams),
    )


class _Known:
    """The lines of a roster, by everything that can identify them."""

    def __init__(self, lines: Sequence[Line], persons: Sequence[Person]) -> None:
        self.lines = lines
        self._namesakes = Counter(name for person in persons for name in name_variants(person.name))
        self.by_id: defaultdict[str, list[Line]] = defaultdict(list)
        self.by_key: defaultdict[str, list[Line]] = defaultdict(list)
        self.by_name: defaultdict[str, list[Line]] = defaultdict(list)
        self.by_team: defaultdict[str, list[Line]] = defaultdict(list)
        for line in lines:
            if line.id:
                self.by_id[line.id].append(line)
            for key in line.keys:
                self.by_key[key].append(line)
            for name in name_variants(line.name):
                self.by_name[name].append(line)
            if team := _letters(line.team):
                self.by_team[team].append(line)

    def lines_of(self, result: Result, person: Person | None, target: Target) -> tuple[list[Line], str]:
        """The lines that may be this person's, and why there are none, or that only the name led there."""
        own = result.handed_in is not None and result.handed_in.platform == target
        if own and person is not None and target == "moodle" and _letters(person.name) in self.by_team:
            return self.by_team[_letters(person.name)], _BY_TEAM
        if own and person is not None and person.id:
            return self._by_number(person, target)
        if person is None:
            keys, names = [result.student], [result.student]
            if target == "canvas" and (meant := [line for line in self.lines if _is_file_of(line, result.student)]):
                return meant, _BY_NAME
        else:
            keys, names = [person.number, person.email], [person.name]
            if result.handed_in is not None and result.handed_in.platform == "nbgrader":
                keys, names = [person.id], [person.id]
        for key in filter(None, keys):
            if key.casefold() in self.by_key:
                return _distinct(self.by_key[key.casefold()]), ""
        wanted = {variant for name in names for variant in name_variants(name)}
        found = _distinct([line for name in sorted(wanted) for line in self.by_name.get(name, ())])
        if len(found) == 1 and person is not None and self._is_anothers(found[0], person):
            return [], f"of those called {person.name} none in this file has the address {person.email}"
        return found, _BY_NAME if found and person is not None else ""

    def is_test_student(self, result: Result, person: Person | None) -> bool:
        """Whether it is Canvas's "Test Student", and the class has no student of that name."""
        came = result.handed_in
        if came is None or came.platform != "canvas" or person is None:
            return False
        return person.name.casefold() == _TEST_STUDENT and person.id not in self.by_id

    def _is_anothers(self, line: Line, person: Person) -> bool:
        """Whether a line of the same name is a namesake's: several share the name, and the line has another address."""
        several = max((self._namesakes[name] for name in name_variants(person.name)), default=0) > 1
        addresses = {key for key in line.keys if "@" in key}
        return several and "@" in person.email and bool(addresses) and person.email.casefold() not in addresses

    def _by_number(self, person: Person, target: Target) -> tuple[list[Line], str]:
        found = self.by_id.get(person.id, [])
        other = not found or not name_variants(person.name) & name_variants(found[0].name)
        if target == "moodle" and self.by_team and other:
            # The number may be a group's, and another student's as a participant.
            return [], f"no line names a group, or the participant {person.id}, that is called so"
        if target == "moodle" and found and other and person.name and found[0].name:
            if _is_hidden(person.name, found[0]):
                return found, ""
            return [], f"participant {person.id} is {found[0].name} in this file; is it another assignment's?"
        if not found and target == "canvas" and not person.name:
            return [], "handed in anonymously; show names in Canvas, then download and grade again"
        if not found:
            return [], f"number {person.id} is not in this file"
        return found, ""


def _is_file_of(line: Line, file: str) -> bool:
    """Whether Canvas starts the names of this student's files so (lib/content_zipper.rb: `get_filename`).

    Decides `doejane_12345_67890_1_cnn2`, which alone could be a file of user 67890 as well.
    """
    name = re.sub(r"_(\d+)_", r"\1", line.name).casefold()
    name = re.sub(r"[^\w\u0080-\U0010ffff]", "", unicodedata.normalize("NFC", name))
    return bool(name and line.id and file.casefold().startswith((f"{name}_{line.id}_", f"{name}_late_{line.id}_")))


def _several(lines: Sequence[Line]) -> str:
    called = list(dict.fromkeys(map(_called, lines)))
    if len(called) == 1:
        return f"{called[0]} stands on {len(lines)} lines of the file, keep one"
    return f"may be {' or '.join(called[:4])}"


def _is_hidden(name: str, line: Line) -> bool:
    """Whether it is not a name, but what Moodle writes instead if the marking is blind."""
    instead = {_letters(line.hidden), "participant", "teilnehmerin", "teilnehmer"} - {""}
    return re.sub(r"\d", "", _letters(name)) in instead


def name_variants(name: str) -> set[str]:
    """Ways to write a name, letters and digits only: as it is, and with a family name before or after the others.

    >>> sorted(names_of("Doe, Jane"))
    ['doejane', 'janedoe']
    """
    variants = {_letters(name)}
    if "," in name:
        family, _, given = name.partition(",")
        variants.add(_letters(given + family))
    else:
        for separator in (r"\s+", r"[\s._-]+"):
            words = [word for word in re.split(separator, name) if word]
            variants |= {_letters("".join(words[first:] + words[:first])) for first in range(len(words))}
    return {variant for variant in variants if variant}


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def _distinct(lines: Sequence[Line]) -> list[Line]:
    return list({line.row: line for line in lines}.values())


def _called(line: Line) -> str:
    key = line.id or next(iter(sorted(line.keys)), f"line {line.row + 1}")
    return f"{line.name} ({key})" if line.name else key
