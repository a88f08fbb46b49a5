from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.grading.decision import (
    DECISION_LIMIT,
    KEY,
    UnreadableDecision,
    parse_decision,
)

WHOLE = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ('{"selected_proposal_id": 3}', 3),
        ('{"selected_proposal_id": 3.0}', 3),
        ('{"selected_proposal_id": "3"}', 3),
        ('{"selected_proposal_id": " 3 "}', 3),
        ('{"selected_proposal_id": 0, "why": ["it", {"is": "best"}]}', 0),
        ('\ufeff\n {"selected_proposal_id": -1}\n', -1),
    ],
)
def test_whole_numbers_count_however_they_are_written(text: str, chosen: int) -> None:
    assert parse_decision(text.encode()) == chosen


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"3", "does not hold a JSON object"),
        (b"[3]", "does not hold a JSON object"),
        (b"selected_proposal_id: 3", "not JSON"),
        (b'{"selected_proposal_id": 3', "not JSON"),
        (b'{"selected_proposal_id": 3} {"selected_proposal_id": 4}', "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"\x80" * 20, "not UTF-8"),
        (b'{"id": 3}', "has no key"),
        (b'{"selected_proposal_id": 3, "selected_proposal_id": 4}', "more than once"),
        (b'{"selected_proposal_id": true}', "is True"),
        (b'{"selected_proposal_id": null}', "is None"),
        (b'{"selected_proposal_id": 3.5}', "is 3.5"),
        (b'{"selected_proposal_id": NaN}', "is nan"),
        (b'{"selected_proposal_id": 1e999}', "is inf"),
        (b'{"selected_proposal_id": [3]}', r"is \[3\]"),
        (b'{"selected_proposal_id": "three"}', "is 'three'"),
        (b'{"selected_proposal_id": "3.0"}', "is '3.0'"),
        (b'{"selected_proposal_id": "\xd9\xa3"}', "not the id"),  # an Arabic-Indic three
        (b'{"selected_proposal_id": ' + b"9" * 30 + b"}", "not the id"),
        (b'{"selected_proposal_id": ' + b"9" * 9000 + b"}", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b'{"a":' * 10_000, "not JSON"),
        (b" " * (DECISION_LIMIT + 1), "larger than 65536 bytes"),
    ],
)
def test_everything_else_is_a_named_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDecision, match=reason):
        parse_decision(content)


@given(WHOLE, st.sampled_from([int, str]))
def test_what_a_model_writes_is_read_back(number: int, form: type) -> None:
    assert parse_decision(json.dumps({KEY: form(number)}).encode()) == number


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | WHOLE,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary() | st.builds(lambda v: json.dumps({KEY: v}).encode(), JSON_VALUES))
def test_nothing_crashes(content: bytes) -> None:
    try:
        assert isinstance(parse_decision(content), int)
    except UnreadableDecision as error:
        str(error).encode()  # fit for any report: no lone surrogate
