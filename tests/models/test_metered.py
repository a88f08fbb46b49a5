from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from swelancer_plugin.models.interface import (
    JournalBroken,
    Message,
    Model,
    ModelError,
    ModelUnavailable,
    Reply,
    RequestRefused,
    Tool,
    ToolCall,
    Usage,
    WrongSetup,
)
from swelancer_plugin.models.limits import LimitReached, Limits
from swelancer_plugin.models.metered import Metered
from swelancer_plugin.models.options import ModelOptions
from swelancer_plugin.models.pricing import Price, Prices
from swelancer_plugin.models.transcript import Transcript
from tests.models.asking import BRIEF, KEY, QUICK, asked
from tests.models.scripted import (
    BROKEN,
    CUT,
    CUT_MIDWAY,
    EMPTY_CHOICES,
    HELD,
    MALFORMED,
    RATE_LIMITED,
    TOO_LONG,
    Answer,
    Say,
    Script,
    ScriptedServer,
    Step,
    error,
)

pytestmark = pytest.mark.asyncio(loop_scope="function")
CALL = ToolCall("1", "run", '{"c": "ls"}')


class Replies:
    """A model that answers from a list; no server between."""

    name = "replies"

    def __init__(self, *replies: Reply | Exception) -> None:
        self.replies = list(replies)

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def said(text: str, cost: str | None = "0.5", *calls: ToolCall) -> Reply:
    dollars = None if cost is None else Decimal(cost)
    return Reply(Message("assistant", text, calls), Usage(10, 4, 2, 1), dollars)


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def metered(path: Path, *replies: Reply | Exception, limits: Limits | None = None) -> Metered:
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
        error(401, f"Wrong key: {KEY[:6]}****{KEY[-4:]}.", code="invalid_api_key"),
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


PRICED = Prices({"gpt-4o": Price(Decimal(1), Decimal(1))})


@asynccontextmanager
async def priced(
    script: Script, path: Path, options: ModelOptions = QUICK, limits: Limits | None = None
) -> AsyncIterator[tuple[Metered, ScriptedServer]]:
    """Yield the meter around a client of a real server whose prices are known."""
    transcript = Transcript(path)
    async with asked(script, options, prices=PRICED) as (client, server, _):
        model = Metered(client, limits or Limits(), transcript)
        client.on_retry = model.retry
        yield model, server
    transcript.close()


@pytest.mark.parametrize(
    ("fault", "known"),
    [
        (MALFORMED, False),
        (EMPTY_CHOICES, False),
        (CUT, False),
        (CUT_MIDWAY, False),
        (Answer(body=b"x" * 200_000), False),
        (HELD, False),
        (BROKEN, True),
        (RATE_LIMITED, True),
        (Answer(body={"error": {"code": 429, "message": "upstream"}}), True),
    ],
)
async def test_a_try_that_may_have_been_charged_for_makes_the_cost_unknown(
    fault: Step, known: bool, tmp_path: Path
) -> None:
    # where a good answer takes longer than the held one may, there are more of them
    options = replace(QUICK, reply_bytes=100_000, call_seconds=0.5 if fault is HELD else 60.0)
    async with priced([fault, *["done"] * 3], tmp_path / "t", options) as (model, _):
        reply = await model.ask(BRIEF)
    assert (reply.cost is not None, model.cost is not None) == (known, known)
    assert reply.usage.total > 0


@pytest.mark.parametrize(("fault", "known"), [(MALFORMED, False), (BROKEN, True)])
async def test_a_call_that_failed_may_have_been_charged_for(
    fault: Step, known: bool, tmp_path: Path
) -> None:
    async with priced([fault] * 4, tmp_path / "t") as (model, _):
        with pytest.raises(ModelUnavailable) as caught:
            await model.ask(BRIEF)
    assert caught.value.billed is not known
    assert (model.cost is not None) is known
    async with priced([fault, error(400, "no")], tmp_path / "u") as (model, _):
        with pytest.raises(RequestRefused):
            await model.ask(BRIEF)
    assert (model.cost is not None) is known


async def test_nobody_is_charged_for_a_connection_that_is_refused() -> None:
    async with asked([], QUICK, base_url="http://127.0.0.1:1/v1") as (client, _, _):
        with pytest.raises(ModelUnavailable) as caught:
            await client.ask(BRIEF)
    assert not caught.value.billed


async def test_a_cancelled_call_is_told_and_its_cost_is_not_known(tmp_path: Path) -> None:
    async with priced([HELD], tmp_path / "t") as (model, server):
        task = asyncio.create_task(model.ask(BRIEF))
        await asyncio.to_thread(server.arrived.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert model.cost is None
    last = events(tmp_path / "t")[-1]
    assert (last["event"], last["kind"], last["reason"]) == ("failure", "CancelledError", "")


async def test_the_wait_for_a_server_that_fails_is_given_back(tmp_path: Path) -> None:
    limits = Limits()
    started = limits.started
    seen: list[tuple[float, str]] = []
    transcript = Transcript(tmp_path / "t")
    busy = error(503, "busy", {"Retry-After": "0.01"})
    async with asked([busy, busy, "done"]) as (client, _, told):
        model = Metered(client, limits, transcript)

        def tell(reason: str, wait: float) -> None:
            told.append((reason, wait))
            model.retry(reason, wait)
            seen.append((limits.started, limits.failing))

        client.on_retry = tell
        await model.ask(BRIEF)
    transcript.close()
    assert limits.started == pytest.approx(started + sum(wait for _, wait in told))
    assert [failing for _, failing in seen] == ["503: busy"] * 2
    assert limits.failing == "", "the call is over"


async def test_waits_at_the_same_time_are_given_back_once(tmp_path: Path) -> None:
    limits = Limits()
    started = limits.started
    model = metered(tmp_path / "t", limits=limits)
    for _ in range(50):
        model.retry("503: busy", 100.0)
    assert 100 <= limits.started - started < 200
    model._transcript.close()


async def test_less_that_is_sent_at_once_is_no_failure(tmp_path: Path) -> None:
    limits = Limits()
    failing: list[str] = []

    def script(request: dict[str, Any]) -> Step:
        failing.append(limits.failing)
        return TOO_LONG if len(failing) == 1 else "done"

    long = [*BRIEF, Message("assistant", "x"), Message("user", "y" * 50_000)]
    async with priced(script, tmp_path / "t", limits=limits) as (model, _):
        await model.ask(long)
        assert (model.retries, failing) == (1, ["", ""])
        assert model.cost


async def test_tokens_that_nobody_counted_count_toward_the_limit_alone(tmp_path: Path) -> None:
    limits = Limits(max_tokens=2000)
    said = Say("x" * 700, usage={})
    conversation = [Message("user", "y" * 2800)]
    async with priced([said] * 3, tmp_path / "t", limits=limits) as (model, _):
        await model.ask(conversation)
        assert 1000 <= limits.estimated <= 1010
        await model.ask(conversation)
        with pytest.raises(LimitReached, match=r"about 20[0-9]{2} of 2000 tokens are used"):
            await model.ask(conversation)
    assert model.usage == limits.usage == Usage()
    assert model.cost is None


TEXT = Message("assistant", "x")


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        ("text", "has to return a Reply"),
        (Reply(TEXT, None), "has to return a Reply with a Usage"),  # type: ignore[arg-type]
        (Reply(TEXT, cost=0.5), "has to be a Decimal or None, not 0.5"),  # type: ignore[arg-type]
        (Reply(TEXT, cost=Decimal("NaN")), "has to be 0 to 1000000 dollars, not NaN"),
        (Reply(TEXT, cost=Decimal("Infinity")), "not Infinity"),
        (Reply(TEXT, cost=Decimal("-0.1")), "not -0.1"),
        (Reply(TEXT, cost=Decimal(10**6 + 1)), "not 1000001"),
        (Reply(TEXT, Usage(1.5)), "has to be an int, not 1.5"),  # type: ignore[arg-type]
        (Reply(TEXT, Usage(True)), "has to be an int, not True"),
        (Reply(TEXT, Usage(1, 0, -1)), "has to be 0 to"),
        (Reply(TEXT, Usage(1, 0, 10**5000)), "has to be 0 to"),
    ],
)
async def test_a_reply_that_no_record_could_hold_is_refused(
    reply: Any,  # noqa: ANN401  # what a user's own model may return
    complaint: str,
    tmp_path: Path,
) -> None:
    limits = Limits()
    model = metered(tmp_path / "t", reply, limits=limits)
    with pytest.raises((TypeError, ValueError), match=complaint):
        await model.ask(BRIEF)
    assert (model.turns, model.cost, model.usage, limits.usage) == (1, None, Usage(), Usage())
    assert events(tmp_path / "t")[-1]["event"] == "failure"
    model._transcript.close()


async def test_a_failure_outweighs_the_transcript_that_can_t_be_written(tmp_path: Path) -> None:
    model = metered(tmp_path / "t", WrongSetup("the key is refused"))

    class Full(Transcript):
        def write(self, event: str, **facts: object) -> None:
            if event == "failure":
                raise JournalBroken("full")

    model._transcript = Full(tmp_path / "u")
    with pytest.raises(WrongSetup):
        await model.ask(BRIEF)
