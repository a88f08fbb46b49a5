from __future__ import annotations

import json

import pytest

from swelancer_plugin.attempt import Attempt
from tests.results.samples import selected, tried


def test_attempts_read_back_as_written() -> None:
    item = selected()
    attempt = tried(item, tags=("ui",), details={"decision": "3"}, files={"log": "log.txt"}, seed=1)
    assert Attempt.from_json(attempt.to_json()) == attempt


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", 3),
        ("price_cents", True),
        ("price_cents", 10.0),
        ("price_cents", -1),
        ("attempt", 0),
        ("try_number", 0),
        ("outcome", "won"),
        ("outcome", ["earned"]),
        ("variant", "manager"),
        ("variant", []),
        ("sealed", 1),
        ("seconds", {"agent": float("nan")}),
        ("seconds", {"agent": 10**400}),
        ("seconds", []),
        ("files", {"log": 3}),
        ("tags", "ui"),
        ("tags", [3]),
        ("seed", "1"),
        ("split", 1),
        ("earned_cents", 99),
        ("outcome", "void"),
        ("task_id", "../x"),
        ("dataset", ".."),
        ("schema", 2),
        ("surprise", 1),
    ],
)
def test_a_record_that_is_wrong_is_refused(key: str, value: object) -> None:
    data = {**json.loads(tried(selected()).to_json()), key: value}
    with pytest.raises(ValueError):
        Attempt.from_json(json.dumps(data))


def test_a_record_without_a_required_key_is_refused() -> None:
    data = json.loads(tried(selected()).to_json())
    del data["model"]
    with pytest.raises(ValueError, match="model"):
        Attempt.from_json(json.dumps(data))
