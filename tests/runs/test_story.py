from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.models.interface import Message, Reply, Tool, Usage
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.models.metered import Metered
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.runs.story import Story, read_story

Event: TypeAlias = tuple[str, dict[str, Any]]
USAGE = {"input_tokens": 10, "cached_tokens": 4, "output_tokens": 3, "reasoning_tokens": 1}


def told(path: Path, *events: Event) -> Story:
    transcript = Transcript(path / "t.jsonl")
    for name, facts in events:
        transcript.write(name, **facts)
    transcript.close()
    return read_story(path / "t.jsonl")


MESSAGE: Event = ("message", {"role": "user", "content": "x"})
REPLY: Event = ("reply", {"content": "y", "usage": USAGE, "cost": "0.75"})
FREE: Event = ("reply", {"content": "y", "usage": USAGE, "cost": None})


def test_replies_add_up(tmp_path: Path) -> None:
    story = told(tmp_path, MESSAGE, ("retry", {"reason": "429"}), REPLY, MESSAGE, REPLY)
    assert story == Story(2, 1, 20, 8, 6, 2, Decimal("1.50"))


def test_a_call_that_was_under_way_may_have_cost_something(tmp_path: Path) -> None:
    assert told(tmp_path, MESSAGE, REPLY, MESSAGE) == Story(2, 0, 10, 4, 3, 1, None)


def test_an_unknown_price_stays_unknown(tmp_path: Path) -> None:
    assert told(tmp_path, MESSAGE, FREE, MESSAGE, REPLY).cost is None


def test_without_a_transcript_nothing_was_spent(tmp_path: Path) -> None:
    assert read_story(tmp_path / "none") == Story()


@given(st.binary(max_size=300))
def test_whatever_lies_there_is_survived(tmp_path_factory: object, garbage: bytes) -> None:
    path = tmp_path_factory.mktemp("story") / "t"  # type: ignore[attr-defined]
    path.write_bytes(garbage + b'\n{"event": "reply", "usage": [], "cost": "1e999999999"}\n{"ev')
    assert read_story(path).turns >= 1


class Priced:
    name = "priced"

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        return Reply(Message("assistant", "y"), Usage(10, 4, 3, 1), Decimal("0.75"))


def test_a_metered_model_and_its_transcript_agree(tmp_path: Path) -> None:
    transcript = Transcript(tmp_path / "t")
    meter = Metered(Priced(), Limits(), transcript)
    for _ in range(3):
        asyncio.run(meter.ask([Message("user", "x")]))
    meter.retry("429", 0.1)
    transcript.close()
    story = read_story(tmp_path / "t")
    assert (story.turns - 1, story.retries) == (meter.turns, meter.retries) == (3, 1)
    assert story.input_tokens == meter.usage.input_tokens == 30
    assert (meter.cost, story.cost) == (Decimal("2.25"), None), "a retry was under way"
