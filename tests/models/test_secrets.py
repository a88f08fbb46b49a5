from __future__ import annotations

import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.models.endpoint import NO_KEY, Endpoint
from swelancer_plugin.models.secrets import Scrubber
from tests.models.asking import KEY

AT = Endpoint("m", "https://host/v1", KEY, "custom", userinfo="somebody:hunter2hunter2")
SCRUBBER = Scrubber(AT)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"key {KEY} is wrong", "key *** is wrong"),
        ("Incorrect API key provided: sk-te***********9876.", "Incorrect API key provided: ***"),
        (f"key {KEY[:10]}...{KEY[-4:]}", "key ***"),
        (f"ends in {KEY[-4:]}", "ends in ***"),
        (f"ends in ...{KEY[-4:]}, so", "ends in *** so"),
        ("another sk-other-key-1234 too", "another *** too"),
        ("password hunter2hunter2", "password ***"),
        (b64encode(b"somebody:hunter2hunter2").decode(), "***"),
        ("nothing secret", "nothing secret"),
        ("line\nand \x1b[31m", "line\\nand \\x1b[31m"),
        ("lone \ud800", "lone ?"),
    ],
)
def test_lines(text: str, line: str) -> None:
    assert SCRUBBER.line(text) == line


@given(st.text(st.characters(), max_size=50), st.text(st.characters(), max_size=50))
def test_no_text_hides_a_key(before: str, after: str) -> None:
    line = SCRUBBER.line(before + KEY + after)
    assert KEY not in line
    assert line.isprintable()
    body = json.dumps({before + KEY: [KEY + after]}).encode()
    assert KEY not in json.dumps(SCRUBBER.json(body))


def test_escapes_hide_no_key() -> None:
    spelled = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    assert SCRUBBER.json(f'["{spelled}"]'.encode()) == ["***"]


def test_long_texts_without_spaces_take_no_time() -> None:
    for text in ("x" * 10**7, "*" * 10**7, "sk-" * 10**6, KEY[:8] * 10**6):
        assert len(SCRUBBER.line(text)) < 1000


@pytest.mark.parametrize("key", [NO_KEY, "test", "content"])
def test_a_word_that_is_a_key_leaves_replies_alone(key: str) -> None:
    scrubber = Scrubber(Endpoint("m", "https://host/v1", key, "custom"))
    assert scrubber.json(b'{"content": "test no-key-needed"}') == {"content": "test no-key-needed"}


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_a_value_error(body: bytes) -> None:
    try:
        answer = SCRUBBER.json(body)
    except ValueError:
        return
    json.dumps(answer, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "text",
    ["[" * 101 + "]" * 101, '{"a":' * 101 + "1" + "}" * 101, "NaN", "[1e999]", "[-1e999]"],
)
def test_what_can_t_be_sent_back_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested too deeply|is no number in JSON"):
        SCRUBBER.json(text.encode())


def test_a_hundred_levels_are_read() -> None:
    assert SCRUBBER.json(b"[" * 99 + b'"x"' + b"]" * 99)
