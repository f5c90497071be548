"""What comes out of the kernel: numbers that no float holds, and what is no evidence at all."""

import json
import math

import pytest

from autograder.records.evidence import MAX_CAPTURE_BYTES, Capture, Evidence
from autograder.records.kernel_json import InvalidEvidence

HUGE = {"a float holds none": 10**309, "the largest of 1024 bits": 2**1024 - 1, "thousands of digits": 10**4000}


@pytest.mark.parametrize("number", HUGE.values(), ids=HUGE.keys())
@pytest.mark.parametrize("sign", [1, -1])
def test_a_whole_number_that_no_float_holds_is_infinite(number, sign):
    entry = {"name": "q", "kind": "number", "value": sign * number, "cell": 0}
    (value,) = Capture.parse({"values": [entry]}).values
    assert value.value == sign * math.inf


def test_other_whole_numbers_stay_as_they_are():
    entry = {"name": "q", "kind": "sequence", "value": [0, -7, 2**70, 10**308], "cell": 0}
    (value,) = Capture.parse(json.dumps({"values": [entry]})).values
    assert value.value == [0, -7, 2**70, 10**308]
    assert {type(number) for number in value.value} == {int}


@pytest.mark.parametrize(
    "raw",
    [
        "",
        b"\xff",
        "[]",
        "1" * 5000,
        '{"values": 1}',
        '{"secret": []}',
        '{"fits": ' + "[" * 100_000,
        "[" * 70 + "]" * 70,
        " " * (MAX_CAPTURE_BYTES + 1),
        {"values": [object()]},
    ],
)
def test_what_is_no_evidence_is_refused(raw):
    with pytest.raises(InvalidEvidence):
        Capture.parse(raw)


def test_evidence_of_an_older_version_does_not_say_what_kept_the_limits_and_stays_as_it_is():
    older = {"key": "k", "cells": [], "isolation": "bubblewrap", "versions": {}}
    evidence = Evidence.model_validate(older)
    assert evidence.bounded_by == "unknown"
    assert "bounded_by" not in evidence.model_dump()
