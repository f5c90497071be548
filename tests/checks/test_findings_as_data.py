"""What a check says is data: known by its code, stored as it is, and shown in the language of the reader."""

from dataclasses import replace

import pytest
from checks.by_hand import FASHION, context, conv, judged, network, question, value

from autograder.checks.answers import described
from autograder.checks.student_network import find_network
from autograder.core.language import use_language
from autograder.records.result import Verdict

ARCHITECTURE = question("architecture", network="cnn")
OTHER_FILTERS = network(*FASHION[:2], conv(32), *FASHION[3:], name="cnn")
EXPECTED = {"cnn": network(*FASHION, name="cnn")}


def german(verdict):
    with use_language("de"):
        return [str(finding.message) for finding in verdict.findings]


def test_what_was_found_is_told_by_its_code_and_values():
    (finding,) = judged(ARCHITECTURE, context(networks=(OTHER_FILTERS,), expected=EXPECTED)).findings
    assert finding.code == "layer.settings"
    assert finding.message.plain_values()["settings"] == ["number of filters"]
    assert finding.hint.code == "hint.shape"


def test_a_verdict_from_a_file_is_told_in_german_as_the_one_that_was_judged():
    verdict = judged(ARCHITECTURE, context(networks=(OTHER_FILTERS,), expected=EXPECTED))
    again = Verdict.model_validate_json(verdict.model_dump_json())
    assert again == verdict
    assert german(again) == german(verdict) != [str(finding.message) for finding in verdict.findings]


def test_judging_does_not_ask_which_language_is_in_use():
    given = context(answer="about 20 or 30")
    asked = question("number", answer="q", expected=20)
    with use_language("de"):
        in_german = judged(asked, given)
    assert in_german == judged(asked, given)
    assert german(in_german) != [str(finding.message) for finding in in_german.findings]


def test_what_an_author_wrote_is_shown_as_it_is_in_every_language():
    known = [{"value": 12, "message": "You counted the rows."}]
    verdict = judged(question("number", answer="q", expected=20, wrong=known), context(answer=12))
    assert german(verdict) == ["You counted the rows."]


@pytest.mark.parametrize(
    ("given", "words"),
    [("twenty", "“twenty”"), (True, "True"), ([1, 2], "[1, 2]"), ([0] * 50, "a list of 50 values"), (0.5, "0.5")],
)
def test_an_answer_is_described_in_a_few_words(given, words):
    assert str(described(value(given))) == words


def test_what_was_worked_out_is_kept_until_the_evidence_is_another():
    given = context(networks=(OTHER_FILTERS,), expected=EXPECTED)
    found = find_network(given, "cnn")
    assert find_network(replace(given, earlier={}), "cnn") is found
    right = given.evidence.with_networks((EXPECTED["cnn"],))
    assert find_network(given.replace(evidence=right), "cnn").architecture != found.architecture
    assert find_network(given, "cnn") is found
