"""Numbers as people write them: "307,300", "307 300", "32*32*3*100 + 100 = 307300", "97.8 %", "about 2700 weights"."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

LONGEST = 500
_LARGEST = 1e15

# Groups of three, separated by a space or an apostrophe; "_" as in Python.
_GROUPED = re.compile(r"(?<![\w.,'])\d{1,3}(?:[ '’]\d{3})+(?![\d'’])")
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | {"−": "-", "–": "-"})
_TOKEN = re.compile(
    r"(?<![\w.,])(?P<sign>[-+]?)(?P<digits>\d+(?:[.,]\d+)*|[.,]\d+)(?P<power>[eE][-+]?\d+)?"
    r"\s?(?P<unit>%|(?:percent|prozent|per cent|k|thousand|tausend|million|millionen)\b)?(?![A-Za-z0-9])",
    re.I,
)
_UNITS = {"k": 1e3, "thousand": 1e3, "tausend": 1e3, "million": 1e6, "millionen": 1e6}
_PERCENT = ("%", "percent", "prozent", "per cent")
_TIMES = re.compile(r"(?<=[\d)])\s*[x×·⋅✕]\s*(?=[\d(])", re.I)
# "114x", "114-fold", "114fach", "x114": a factor.
_MULTIPLE = re.compile(r"(?<=\d)\s?(?:[x×]|-?\s?(?:fold|fach))(?!\w)|(?<![\w.,])[x×]\s?(?=\d)", re.I)
_EXPRESSION = re.compile(r"(?P<sum>[\d\s.,()+*/^-]*[\d)])\s*(?P<words>[A-Za-zÄÖÜäöüß ]*)\.?")
_OPERATED = re.compile(r"[\d)]\s*(?:[-+/^]|\*{1,2})\s*[\d(+-]")
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class Numeral(NamedTuple):
    """A number that was read; `percent` if it was written as a percentage (the value is then still 97.8)."""

    value: float
    percent: bool = False


class SeveralNumbers(ValueError):
    """The text holds different numbers, and nothing says which one is meant."""


def read_numeral(text: str, *, thousands: bool) -> Numeral | None:
    """The one number that a text states; None if it states none.

    A comma or dot before exactly three digits ("307.300") may separate thousands or decimals: `thousands` decides.
    Everywhere else the text itself does.

    Raises:
        SeveralNumbers: it states more than one.
    """
    text = text[:LONGEST].translate(_SPACES).strip()
    head, equals, tail = text.rpartition("=")
    if equals and any(character.isdigit() for character in tail):
        text = tail
    elif equals:
        text = head
    text = re.sub(r"(?<=\d)_(?=\d)", "", text)
    text = _GROUPED.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    calculated = _calculate(text, thousands)
    if calculated is not None:
        return Numeral(calculated) if math.isfinite(calculated) else None
    text = _MULTIPLE.sub(" ", text)
    outside = re.sub(r"\([^()]*\)", " ", text)
    text = outside if any(character.isdigit() for character in outside) else text
    found = {numeral for match in _TOKEN.finditer(text) if (numeral := _numeral(match, thousands)) is not None}
    if len({numeral.value for numeral in found}) > 1:
        raise SeveralNumbers
    return max(found, default=None)


def digits(value: float) -> str:
    """A number in digits, without separators that could be misread."""
    if abs(value) < _LARGEST and value == int(value):
        return str(int(value))
    return f"{value:.6g}"


def _numeral(match: re.Match[str], thousands: bool) -> Numeral | None:
    value = _separated(match["digits"], thousands and not match["power"])
    if value is None:
        return None
    unit = (match["unit"] or "").casefold()
    value *= _UNITS.get(unit, 1.0) * (-1 if match["sign"] == "-" else 1)
    if match["power"]:
        value *= 10.0 ** max(-30, min(30, int(match["power"][1:])))
    return Numeral(value, unit in _PERCENT) if math.isfinite(value) and abs(value) <= _LARGEST else None


def _separated(digits: str, thousands: bool) -> float | None:
    """The value of digits with dots and commas among them; None if they do not make sense."""
    commas, dots = digits.count(","), digits.count(".")
    if commas and dots:
        decimal = max(",.", key=digits.rfind)
        whole, _, rest = digits.rpartition(decimal)
        grouped = re.fullmatch(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", whole)
        return float(re.sub(r"\D", "", whole) + "." + rest) if grouped and decimal not in whole else None
    if commas + dots > 1:
        return float(re.sub(r"\D", "", digits)) if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits) else None
    if thousands and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", digits):
        return float(re.sub(r"\D", "", digits))
    return float(digits.replace(",", "."))


def _calculate(text: str, thousands: bool) -> float | None:
    """The value of a text that is a calculation, as "3×3×3×100"; None if it is not one, NaN if it has no value."""
    match = _EXPRESSION.fullmatch(_TIMES.sub("*", text).strip())
    if match is None or not _OPERATED.search(match["sum"]):
        return None
    numbers = re.compile(r"\d+(?:[.,]\d+)*")
    values = [_separated(digits, thousands) for digits in numbers.findall(match["sum"])]
    if None in values:
        return math.nan
    written_out = iter(values)
    formula = numbers.sub(lambda _: repr(next(written_out)), match["sum"]).replace("^", "**")
    try:
        return _value(ast.parse(formula.strip(), mode="eval").body)
    except ArithmeticError:
        return math.nan
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def names_in(formula: str) -> tuple[str, ...]:
    """The names in a formula such as "a / b".

    Raises:
        ValueError: it is not arithmetic.
    """
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
        names = {node.id: 1.0 for node in ast.walk(tree) if isinstance(node, ast.Name)}
        _value(tree, names)
    except ArithmeticError:
        pass
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{formula} is not a formula") from error
    return tuple(names)


def result_of(formula: str, values: Mapping[str, float]) -> float | None:
    """The result of a formula with these values for its names; None if it is not a number."""
    try:
        return _value(ast.parse(formula.strip(), mode="eval").body, values)
    except ArithmeticError:
        return None


def _value(node: ast.expr, names: Mapping[str, float] = MappingProxyType({})) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return -_value(node.operand, names) if isinstance(node.op, ast.USub) else _value(node.operand, names)
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, names), _value(node.right, names)
        if isinstance(node.op, ast.Pow):
            if not 0 <= right <= 20:
                raise OverflowError("too large an exponent")
            if left < 0 and right != int(right):
                raise ArithmeticError("the root of a negative number")
            result = float(left**right)
        elif type(node.op) in _OPERATORS:
            result = _OPERATORS[type(node.op)](left, right)
        else:
            raise ValueError("no arithmetic")
        if abs(result) > _LARGEST:
            raise OverflowError("too large a number")
        return result
    raise ValueError("no arithmetic")
