"""`python -m autograder.authoring.translations [FILE.po …]`: collect the sentences to translate.

Without a file, the template `autograder.pot` and every packaged catalogue are brought up to date; with one, that file,
which is created if it is missing. A new sentence has an empty translation; one that is no longer used is kept
at the end, as a comment. Missing and unusable translations are counted.
"""

from __future__ import annotations

import io
import re
import string
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import PoFileError, read_po, write_po

from autograder.core.files import write_atomically
from autograder.core.package_files import PACKAGE

PACKAGED = PACKAGE / "core" / "languages"
TEMPLATE = PACKAGED / "autograder.pot"

# What is searched, in this order; the commands are in English only.
_METHODS = [
    ("cli/result_view.py", "python"),
    ("cli/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/lecture.toml", "autograder.report.lecture_advice:messages"),
]
_TEMPLATES = {"trim_blocks": "true", "lstrip_blocks": "true"}
KEYWORDS = {
    **dict.fromkeys(("gettext", "gettext_html", "gettext_noop", "phrase")),
    **dict.fromkeys(("ngettext", "nphrase"), (1, 2)),
    "message": (2,),
    "nmessage": (2, 3),
}
_WIDTH = 110


def collected() -> Catalog:
    """Every translatable sentence of the package, untranslated."""
    found = Catalog(project="keras-autograder", charset="utf-8", fuzzy=False)
    sources = extract_from_dir(
        PACKAGE, _METHODS, {"**/templates/**.html": _TEMPLATES}, keywords=KEYWORDS, strip_comment_tags=True
    )
    for file, line, message, comments, _ in sources:
        found.add(message, None, [(f"autograder/{file}", line)], auto_comments=comments)
    return found


def updated(path: Path, template: Catalog) -> list[str]:
    """Bring a catalogue up to date, or create it; returns what is left to do in it, a line for each thing.

    Raises:
        ValueError: the file is not a catalogue, or its name is not a language.
    """
    try:
        locale = str(Locale.parse(path.stem))
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(f"{path} should be named after a language, such as fr.po: {error}") from None
    before = path.read_bytes() if path.exists() else b""
    known = read_po(io.BytesIO(before), locale=locale, abort_invalid=True)
    header = before.decode("utf-8").partition("\n\n")[0] if before else _header(known, path.stem)
    known.update(template, no_fuzzy_matching=True, update_header_comment=False)
    write_atomically(path, f"{header}\n\n{_entries(known)}")
    return list(_to_do(known))


def _header(catalog: Catalog, language: str) -> str:
    lines = {
        "Project-Id-Version": "keras-autograder",
        "Language": language,
        "Plural-Forms": catalog.plural_forms,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    return "\n".join(['msgid ""', 'msgstr ""', *(f'"{name}: {value}\\n"' for name, value in lines.items())])


def _entries(catalog: Catalog) -> str:
    written = io.BytesIO()
    write_po(written, catalog, width=_WIDTH, omit_header=True, include_lineno=False)
    return written.getvalue().decode("utf-8").strip() + "\n"


def _to_do(catalog: Catalog) -> Iterator[str]:
    spoken = [message for message in catalog if message.id]
    missing = sum(not all(_forms(message.string)) for message in spoken)
    yield f"{len(spoken) - missing} of {len(spoken)} sentences have words"
    for message in spoken:
        forms = [template_placeholders(form) for form in _forms(message.id)]
        # The singular need not state the number, nor anything its English counterpart does not state.
        needed = set.intersection(*forms) - ({"number"} if message.pluralizable else set())
        for sentence in filter(None, _forms(message.string)):
            if not needed <= template_placeholders(sentence) <= set.union(*forms):
                yield f"other placeholders than in “{_forms(message.id)[0]}”: “{sentence}”"


def _forms(words: str | Sequence[str] | None) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words or ("",))


def template_placeholders(message: str) -> set[str]:
    """The names of the placeholders in a sentence."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}
    except ValueError:
        return {"{"}  # an unmatched brace


def main(paths: Sequence[str]) -> int:
    """Do what the module describes; returns the exit status."""
    template = collected()
    if not paths:
        write_atomically(TEMPLATE, f"{_header(template, '')}\n\n{_entries(template)}")
    try:
        for path in map(Path, paths) if paths else sorted(PACKAGED.glob("*.po")):
            for line in updated(path, template):
                print(f"{path.name}: {line}")
    except (ValueError, OSError, PoFileError) as error:
        print(re.sub(r"\s+", " ", str(error)), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
