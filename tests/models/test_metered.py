from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from swelancer_plugin.models.interface import (
    Message,
    Model,
    ModelError,
    Reply,
    RequestRefused,
    Tool,
    ToolCall,
    Usage,
)
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.models.metered import Metered
from swelancer_plugin.models.transcript import Transcript
from tests.models.asking import BRIEF, KEY, asked
from tests.models.scripted import BROKEN, Say, Script, error

pytestmark = pytest.mark.asyncio(loop_scope="function")
CALL = ToolCall("1", "run", '{"c": "ls"}')


class Replies:
    """A model that answers from a list; no server between."""

    name = "replies"

    def __init__(self, *replies: Reply | ModelError) -> None:
        self.replies = list(replies)

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        reply = self.replies.pop(0)
        if isinstance(reply, ModelError):
            raise reply
        return reply


def said(text: str, cost: str | None = "0.5", *calls: ToolCall) -> Reply:
    dollars = None if cost is None else Decimal(cost)
    return Reply(Message("assistant", text, calls), Usage(10, 4, 2, 1), dollars)


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def metered(path: Path, *replies: Reply | ModelError, limits: Limits | None = None) -> Metered:
    return Metered(Replies(*replies), limits or Limits(), Transcript(path))


async def test_it_counts(tmp_path: Path) -> None:
    limits = Limits()
    model = metered(tmp_path / "t", said("one"), said("two", "0.25"), limits=limits)
    is_a: Model = model
    assert (is_a.name, model.turns, model.usage) == ("replies", 0, Usage())
    assert model.cost == 0
    await model.ask(BRIEF)
    await model.ask(BRIEF)
    assert (model.turns, model.cost) == (2, Decimal("0.75"))
    assert model.usage == limits.usage == Usage(20, 8, 4, 2)
    assert limits.turns == 2
    model._transcript.close()


async def test_one_unknown_price_makes_the_sum_unknown(tmp_path: Path) -> None:
    model = metered(tmp_path / "t", said("one"), said("two", None), said("three"))
    for _ in range(3):
        await model.ask(BRIEF)
    assert model.cost is None
    assert [e["cost"] for e in events(tmp_path / "t") if e["event"] == "reply"] == [
        "0.5",
        None,
        "0.5",
    ]
    model._transcript.close()


async def test_the_transcript_tells_it_once(tmp_path: Path) -> None:
    model = metered(tmp_path / "t", said("look", "0.5", CALL), said("done"))
    messages = list(BRIEF)
    messages.append((await model.ask(messages)).message)
    messages.append(Message("tool", "a.py\udcff\x1b", tool_call_id="1"))
    await model.ask(messages)
    model._transcript.close()
    calls = [{"id": "1", "name": "run", "arguments": '{"c": "ls"}'}]
    told = [{k: v for k, v in e.items() if k != "at"} for e in events(tmp_path / "t")]
    usage = {"input_tokens": 10, "cached_tokens": 4, "output_tokens": 2, "reasoning_tokens": 1}
    assert all(e.pop("seconds") >= 0 for e in told if e["event"] == "reply")
    assert told == [
        {
            "event": "message",
            "role": "system",
            "content": "You fix bugs.",
            "tool_calls": [],
            "tool_call_id": None,
        },
        {
            "event": "message",
            "role": "user",
            "content": "Fix this.",
            "tool_calls": [],
            "tool_call_id": None,
        },
        {
            "event": "reply",
            "content": "look",
            "tool_calls": calls,
            "usage": usage,
            "cost": "0.5",
            "cut": False,
        },
        {
            "event": "message",
            "role": "tool",
            "content": "a.py\udcff\x1b",
            "tool_calls": [],
            "tool_call_id": "1",
        },
        {
            "event": "reply",
            "content": "done",
            "tool_calls": [],
            "usage": usage,
            "cost": "0.5",
            "cut": False,
        },
    ]


async def test_the_transcript_grows_with_the_conversation_alone(tmp_path: Path) -> None:
    model = metered(
        tmp_path / "t", *(said(f"r{n}") for n in range(100)), limits=Limits(max_turns=100)
    )
    messages = list(BRIEF)
    for number in range(100):
        reply = await model.ask(messages)
        messages += [reply.message, Message("user", f"u{number}")]
    model._transcript.close()
    told = events(tmp_path / "t")
    assert [e["event"] for e in told].count("message") == len(BRIEF) + 99
    assert len(told) == len(BRIEF) + 99 + 100


async def test_a_reply_that_is_not_taken_in_is_no_new_conversation(tmp_path: Path) -> None:
    model = metered(tmp_path / "t", said("no block"), said("done"))
    await model.ask(BRIEF)
    await model.ask([*BRIEF, Message("user", "again")])
    model._transcript.close()
    told = [e["event"] for e in events(tmp_path / "t")]
    assert told == ["message", "message", "reply", "message", "reply"]


async def test_another_conversation_is_told(tmp_path: Path) -> None:
    model = metered(tmp_path / "t", said("one"), said("two"), said("three"))
    await model.ask([*BRIEF, Message("user", "more"), Message("user", "and more")])
    await model.ask([BRIEF[0], Message("user", "Another.")])
    await model.ask([])
    model._transcript.close()
    told = events(tmp_path / "t")
    assert [e["event"] for e in told] == [
        *["message"] * 4,
        "reply",
        "conversation",
        "message",
        "reply",
        "conversation",
        "reply",
    ]
    assert [e["kept"] for e in told if e["event"] == "conversation"] == [1, 0]


async def test_a_failure_is_told_and_counted(tmp_path: Path) -> None:
    model = metered(tmp_path / "t", RequestRefused("no"))
    with pytest.raises(RequestRefused):
        await model.ask(BRIEF)
    model._transcript.close()
    last = events(tmp_path / "t")[-1]
    assert (last["event"], last["kind"], last["reason"]) == ("failure", "RequestRefused", "no")
    assert (model.turns, model.cost) == (1, Decimal(0))


async def test_limits_hold_before_a_call(tmp_path: Path) -> None:
    model = metered(tmp_path / "t", said("one"), limits=Limits(max_turns=1))
    await model.ask(BRIEF)
    with pytest.raises(LimitReached, match="all 1 turns are used"):
        await model.ask(BRIEF)
    assert model.turns == 1
    model._transcript.close()


async def test_no_key_in_a_transcript(tmp_path: Path) -> None:
    script: Script = [
        error(500, f"echo {KEY}"),
        BROKEN,
        Say(f"I saw {KEY}", [("run", {"c": KEY})]),
        error(401, f"Incorrect API key provided: {KEY[:6]}****{KEY[-4:]}."),
    ]
    transcript = Transcript(tmp_path / "t")
    async with asked(script) as (client, _, _):
        model = Metered(client, Limits(), transcript)
        client.on_retry = model.retry
        reply = await model.ask(BRIEF)
        with pytest.raises(ModelError) as caught:
            await model.ask([*BRIEF, reply.message])
    transcript.close()
    assert reply.message.content == "I saw ***"
    assert model.retries == 2
    told = events(tmp_path / "t")
    assert [e["event"] for e in told] == [
        "message",
        "message",
        "retry",
        "retry",
        "reply",
        "failure",
    ]
    text = (tmp_path / "t").read_text() + str(caught.value)
    assert told[2]["reason"] == "500: echo ***"
    assert not [part for part in (KEY, KEY[:8], KEY[-4:], "9876") if part in text]
