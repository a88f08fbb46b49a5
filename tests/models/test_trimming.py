from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.models.interface import Message, Tool, ToolCall
from swelancer_plugin.models.trimming import (
    CHARS_PER_TOKEN,
    CUT_FLOOR,
    calibrated,
    fit,
    room_for,
    shrunk,
    size,
    split,
    tools_size,
)

NOTE = "earlier messages were left out to fit the context window]"


def turn(number: int, answers: Sequence[str], by_tools: bool) -> list[Message]:
    if not by_tools:
        said = [Message("assistant", f"say {number}")]
        return said + [Message("user", text) for text in answers]
    calls = tuple(ToolCall(f"{number}-{i}", "run", "{}") for i in range(len(answers)))
    tools = [Message("tool", text, tool_call_id=f"{number}-{i}") for i, text in enumerate(answers)]
    return [Message("assistant", f"do {number}", calls), *tools]


TEXTS = st.integers(0, 5000).map("x".__mul__)
BRIEFS = st.lists(st.builds(Message, st.sampled_from(["system", "user"]), TEXTS), max_size=3)
TURNS = st.lists(st.tuples(st.lists(TEXTS, max_size=3), st.booleans()), max_size=12).map(
    lambda each: [turn(i, *one) for i, one in enumerate(each)]
)


def conversation(brief: list[Message], turns: list[list[Message]]) -> list[Message]:
    return [*brief, *(message for one in turns for message in one)]


def without_note(brief: list[Message]) -> list[Message]:
    if brief and brief[-1].content.endswith(NOTE):
        head, _, _ = brief[-1].content.rpartition("[")
        kept = Message(brief[-1].role, head.removesuffix("\n\n"))
        return [*brief[:-1], *([kept] if head else [])]
    return brief


@given(BRIEFS, TURNS, st.integers(0, 40_000), st.floats(0.3, 1.0))
def test_fit(brief: list[Message], turns: list[list[Message]], room: int, low: float) -> None:
    messages = conversation(brief, turns)
    kept = fit(messages, room, low)
    if size(messages) <= room:
        assert kept == messages
        return
    kept_brief, kept_turns = split(kept)
    # the latest turns, whole and in their order: so no tool's answer without its call
    assert kept_turns == turns[len(turns) - len(kept_turns) :]
    assert bool(kept_turns) == bool(turns)
    dropped = sum(map(len, turns)) - sum(map(len, kept_turns))
    assert [NOTE in message.content for message in kept_brief].count(True) == bool(dropped)
    if dropped:
        assert f"[{dropped} {NOTE}" in kept_brief[-1].content
        assert kept_brief[-1].role == "user"
        assert len(without_note(kept_brief)) in (len(brief), len(brief) - 1)
        kept_text = "".join(m.content for m in without_note(kept_brief))
        assert kept_text == "".join(m.content for m in brief)
    else:
        assert kept_brief == brief
    if len(kept_turns) > 1:
        assert size(kept) <= room


@given(BRIEFS, TURNS.filter(bool), st.integers(0, 20_000))
def test_what_fits_is_the_most_recent_that_can(
    brief: list[Message], turns: list[list[Message]], room: int
) -> None:
    kept = fit(conversation(brief, turns), room, 1.0)
    least = size(brief) + size(turns[-1]) + 200
    assert size(kept) <= max(room, least)


def test_a_trimmed_beginning_stays_for_some_calls() -> None:
    messages = [Message("user", "the brief")]
    beginnings = []
    for number in range(40):
        messages += turn(number, ["y" * 100], by_tools=True)
        kept = fit(messages, 3000)
        assert size(kept) <= 3000
        beginnings.append((kept[0].content, kept[1].content))
    changes = sum(one != other for one, other in pairwise(beginnings))
    assert 3 <= changes <= 8


@given(BRIEFS, TURNS)
def test_shrinking_ends_with_brief_and_last_turn(
    brief: list[Message], turns: list[list[Message]]
) -> None:
    messages = conversation(brief, turns)
    sent: list[Message] = messages
    steps = 0
    while (smaller := shrunk(messages, sent)) is not None:
        assert size(smaller) < size(sent)
        sent = smaller
        steps += 1
    assert steps <= 30
    last_brief, last_turns = split(sent)
    # unless the note would be longer than what it stands for
    assert len(last_turns) <= 1 or size([m for one in last_turns[:-1] for m in one]) < 120
    assert len(without_note(last_brief)) in (len(brief), len(brief) - 1)
    assert all(len(m.content) <= CUT_FLOOR for one in last_turns for m in one)
    if len(last_turns) == 1:
        assert [m.role for m in last_turns[0]] == [m.role for m in turns[-1]]
        assert [m.tool_calls for m in last_turns[0]] == [m.tool_calls for m in turns[-1]]


def test_the_middle_of_a_long_answer_is_cut() -> None:
    text = "begin" + "x" * 100_000 + "end"
    messages = [Message("user", "brief"), Message("assistant", "run"), Message("user", text)]
    smaller = shrunk(messages, messages)
    assert smaller is not None
    assert smaller[:2] == messages[:2]
    content = smaller[2].content
    assert content.startswith("begin")
    assert content.endswith("end")
    assert "characters were left out here]" in content
    assert len(content) <= 0.75 * len(text)


def test_a_server_s_own_form_is_not_sent_with_a_cut_content() -> None:
    own = Message("assistant", "z" * 9000, items=({"type": "message", "text": "z" * 9000},))
    smaller = shrunk([Message("user", "brief"), own], [Message("user", "brief"), own])
    assert smaller is not None
    assert smaller[1].items == ()
    assert len(smaller[1].content) < 9000


def test_a_brief_alone_can_t_be_made_smaller() -> None:
    brief = [Message("system", "s" * 9000), Message("user", "u" * 9000)]
    assert fit(brief, 10) == brief
    assert shrunk(brief, brief) is None
    assert shrunk([], []) is None


def test_the_note_follows_a_brief_of_the_system_s() -> None:
    messages = [Message("system", "s"), *turn(0, ["a" * 500], False), *turn(1, ["b"], False)]
    assert fit(messages, 400) == [
        Message("system", "s"),
        Message("user", f"[2 {NOTE}"),
        *turn(1, ["b"], False),
    ]


@pytest.mark.parametrize(
    ("window", "ratio", "reply", "room"),
    [
        (8000, 3.5, None, 24_500),
        (1_000_000, 4.0, None, 3_936_000),
        (8000, 3.5, 500, 26_250),
        (8000, 3.5, 100_000, 14_000),
        (200_000, 1.0, 100_000, 184_000),
    ],
)
def test_room(window: int, ratio: float, reply: int | None, room: int) -> None:
    assert room_for(window, ratio, reply) == room


@pytest.mark.parametrize(
    ("characters", "count", "ratio"),
    [
        (4000, 1000, 4.0),
        (4321, 1000, 4.3),
        (100, 10, CHARS_PER_TOKEN),
        (0, 0, CHARS_PER_TOKEN),
        (10**9, 1000, 6.0),
        (10, 10**9, 0.5),
    ],
)
def test_calibration(characters: int, count: int, ratio: float) -> None:
    assert calibrated(characters, count, CHARS_PER_TOKEN) == ratio


def test_tools_count() -> None:
    assert tools_size([Tool("run", "Runs.", {"type": "object"})]) == 3 + 5 + len(
        '{"type": "object"}'
    )
