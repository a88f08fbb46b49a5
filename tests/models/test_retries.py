from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from swelancer_plugin.models.interface import (
    ModelUnavailable,
)
from swelancer_plugin.models.options import ModelOptions
from tests.models.asking import BRIEF, QUICK, RESPONSES, asked, raised
from tests.models.scripted import (
    BROKEN,
    CUT,
    CUT_MIDWAY,
    EMPTY_CHOICES,
    HELD,
    MALFORMED,
    RATE_LIMITED,
    Answer,
    Step,
    error,
)

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest.mark.parametrize("options", [QUICK, RESPONSES])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (RATE_LIMITED, "429: Rate limit reached"),
        (BROKEN, "500: The server had an error"),
        (error(503, "busy"), "503: busy"),
        (error(408, "late"), "408: late"),
        (error(409, "locked"), "409: locked"),
        (CUT, "connection failed: RemoteProtocolError"),
        (CUT_MIDWAY, "connection failed: RemoteProtocolError"),
        (MALFORMED, "an answer that is no reply: Expecting value"),
        (EMPTY_CHOICES, "an answer that is no reply: the answer has no "),
        (Answer(body=b"[]"), "an answer that is no reply: the answer is no object"),
        (Answer(body=b"null"), "the answer is no object"),
        (Answer(body=b""), "an answer that is no reply: Expecting value"),
        (Answer(body=b"\xff\xfe\x00"), "an answer that is no reply"),
        (Answer(body=b"[" * 100_000), "JSON that is nested too deeply"),
        (Answer(body=b"<html>busy</html>"), "an answer that is no reply"),
        (Answer(status=502, body=b"<html>\x1b[31mbad gateway</html>"), r"502: <html>\\x1b[31mbad"),
        (Answer(body={"error": {"code": 429, "message": "upstream"}}), "429: upstream"),
        (Answer(body={"error": "busy"}), "502: busy"),
        (Answer(body=gzip.compress(b"{}")[:9], headers={"Content-Encoding": "gzip"}), ""),
    ],
)
async def test_a_fault_is_asked_again(fault: Step, reason: str, options: ModelOptions) -> None:
    async with asked([fault, "done"], options) as (model, server, told):
        assert (await model.ask(BRIEF)).message.content == "done"
    assert len(server.requests) == 2
    [(said, wait)] = told
    assert reason.replace("\\\\", "\\") in said
    assert 0 <= wait < 0.01
    assert said.isprintable()


async def test_a_server_that_does_not_answer() -> None:
    options = replace(QUICK, call_seconds=0.05, retries=1)
    async with asked([HELD, HELD], options) as (model, _, told):
        with pytest.raises(ModelUnavailable, match=r"2 tries \(no retry is left\)"):
            await model.ask(BRIEF)
    assert len(told) == 1


async def test_nobody_listens() -> None:
    async with asked([], replace(QUICK, retries=1), base_url="http://127.0.0.1:1/v1") as parts:
        with pytest.raises(ModelUnavailable, match="connection failed: ConnectError"):
            await parts[0].ask(BRIEF)


async def test_retries_are_bounded() -> None:
    failure = await raised([BROKEN] * 9)
    assert isinstance(failure, ModelUnavailable)
    assert "gave no usable answer in 4 tries (no retry is left)" in str(failure)
    assert str(failure).endswith("the last: 500: The server had an error")


async def test_the_backoff_grows() -> None:
    async with asked([BROKEN] * 4) as (model, _, told):
        with pytest.raises(ModelUnavailable):
            await model.ask(BRIEF)
    waits = [wait for _, wait in told]
    steady = [0.0001, 0.0002, 0.0004]
    assert all(0.75 * s <= w <= 1.25 * s for s, w in zip(steady, waits, strict=True))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "0.002"}, 0.002),
        ({"retry-after-ms": "3", "Retry-After": "9"}, 0.003),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
)
async def test_an_asked_wait_is_kept(headers: dict[str, str], wait: float) -> None:
    async with asked([error(429, "slow", headers), "done"]) as (model, _, told):
        await model.ask(BRIEF)
    assert told == [("429: slow", wait)]


@pytest.mark.parametrize("value", ["soon", "nan", "-1", "inf", "", "Wed, 99 Foo", "\xff", "1e999"])
async def test_an_odd_wait_is_passed_over(value: str) -> None:
    async with asked([error(429, "slow", {"Retry-After": value}), "done"]) as (model, _, told):
        await model.ask(BRIEF)
    assert 0 < told[0][1] < 0.001


@pytest.mark.parametrize("value", ["121", "Fri, 21 Oct 2095 07:28:00 GMT"])
async def test_a_long_wait_is_none(value: str) -> None:
    failure = await raised([error(429, "tomorrow", {"Retry-After": value})])
    assert isinstance(failure, ModelUnavailable)
    assert "in 1 try (the server asks to wait" in str(failure)


async def test_the_time_of_a_call_is_bounded() -> None:
    slow = error(503, "slow", {"Retry-After": "100"})
    failure = await raised([slow], replace(QUICK, retry_seconds=60))
    assert isinstance(failure, ModelUnavailable)
    assert "in 1 try (the time of 60 s is over)" in str(failure)
