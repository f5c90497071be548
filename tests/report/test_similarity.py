"""Near-duplicates are found whatever was renamed and moved, and what everybody has is no evidence."""

from __future__ import annotations

from autograder.report.similarity import code_fingerprints, near_duplicates

TEMPLATE = ("import keras\nfrom keras import layers\nx_train = x_train.reshape(-1, 28, 28, 1).astype('float32') / 255",)
OWN = (
    """
def scaled(images):
    low, high = images.min(), images.max()
    return [(image - low) / (high - low) if high > low else image * 0.0 for image in images]
""",
    """
best = 0
for rate in (0.1, 0.2, 0.3):
    total = sum(value ** 2 for value in scores if value > rate)
    if total > best and not total % 2:
        best = total
        print("better", rate, total)
""",
)
RENAMED = tuple(
    cell.replace("images", "x").replace("low", "a").replace("high", "b").replace("total", "t").replace("0.3", "0.25")
    + "\n# my own work\n"
    for cell in reversed(OWN)
)
OTHER = (
    "while True:\n    try:\n        print(next(iterator)[0].shape, end='')\n    except StopIteration:\n        break",
)


def test_the_same_code_under_other_names_in_another_order_is_found_and_shown() -> None:
    (pair,) = near_duplicates({"a": TEMPLATE + OWN, "b": RENAMED + TEMPLATE, "c": TEMPLATE + OTHER}, TEMPLATE)
    assert pair.students == ("a", "b")
    assert pair.share == 1
    assert "for rate in (0.1, 0.2, 0.3):" in pair.passage[0]
    assert "for rate in (0.1, 0.2, 0.25):" in pair.passage[1]


def test_the_template_and_what_many_have_are_no_evidence() -> None:
    assert near_duplicates({"a": TEMPLATE, "b": TEMPLATE}, TEMPLATE) == []
    assert near_duplicates(dict.fromkeys("abcd", TEMPLATE + OWN), TEMPLATE) == []
    assert len(near_duplicates(dict.fromkeys("abc", TEMPLATE + OWN), TEMPLATE)) == 3


def test_a_short_agreement_is_none() -> None:
    short = ("model.add(layers.Conv2D(64, 3, padding='same'))",)
    assert near_duplicates({"a": short, "b": short}, TEMPLATE) == []


def test_any_code_can_be_read() -> None:
    for hostile in (
        "%matplotlib inline\n!ls",
        "def",
        "(" * 5000,
        "x = " + "-" * 3000 + "1",
        "\x00",
        "",
        "1+" * 4000 + "1",
    ):
        assert isinstance(code_fingerprints([hostile]), dict)
