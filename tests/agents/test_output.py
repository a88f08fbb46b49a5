from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.agents.output import SHOWN, sendable, shown, told
from swelancer_plugin.computers.interface import CommandResult
from swelancer_plugin.models.interface import Message, ToolCall


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (CommandResult(b"", 0), "(no output)"),
        (CommandResult(b" \n\n", 0), "(no output)"),
        (CommandResult(b"a\nb\n", 0), "a\nb"),
        (CommandResult(b"a\n", 3), "a\n[exit code 3]"),
        (CommandResult(b"", 1), "(no output)\n[exit code 1]"),
        (CommandResult(b"a", 124, timed_out=True), "a\n[killed: it ran longer than 2.5 s]"),
        (CommandResult(b"\xff\0\xc3\xa9", 0), "\ufffd\ufffdé"),
        (
            CommandResult(b"tail", 0, truncated=True),
            "[the beginning of the output was dropped: there was too much of it]\ntail",
        ),
    ],
)
def test_what_a_model_is_told_of_a_command(result: CommandResult, text: str) -> None:
    assert told(result, 2.5) == text


def test_long_times_are_told_in_full() -> None:
    assert "10800 s" in told(CommandResult(b"", 124, timed_out=True), 10800.0)


def test_of_a_long_output_head_and_tail_are_shown() -> None:
    text = "h" * 20_000 + "t" * 20_000
    assert shown(text) == (
        "h" * 8000 + f"\n[... {40_000 - SHOWN} characters left out ...]\n" + "t" * 8000
    )
    assert shown("x" * SHOWN) == "x" * SHOWN


@given(st.binary(), st.integers(0, 20))
def test_any_bytes_become_bounded_text(output: bytes, limit: int) -> None:
    text = shown(CommandResult(output, 0).text, limit)
    text.encode("utf-8")
    assert "\0" not in text
    assert len(text) <= limit + 60


def test_a_reply_without_any_text_is_sent_back_with_some() -> None:
    assert sendable(Message("assistant", " \n")).content == "(nothing)"
    for kept in (
        Message("assistant", "x"),
        Message("assistant", "", (ToolCall("i", "n", "{}"),)),
        Message("assistant", "", items=({"type": "reasoning"},)),
    ):
        assert sendable(kept) is kept
