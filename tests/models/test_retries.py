from __future__ import annotations

import gzip
import random
from dataclasses import replace

import pytest

from swelancer_plugin.models.failures import Retry
from swelancer_plugin.models.interface import ModelUnavailable
from swelancer_plugin.models.options import ModelOptions
from swelancer_plugin.models.retries import Patience
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
    [({"Retry-After": "0.002"}, 0.002), ({"retry-after-ms": "3", "Retry-After": "9"}, 0.003)],
)
async def test_an_asked_wait_is_kept(headers: dict[str, str], wait: float) -> None:
    async with asked([error(429, "slow", headers)] * 4) as (model, _, told):
        with pytest.raises(ModelUnavailable):
            await model.ask(BRIEF)
    waits = [waited for _, waited in told]
    assert all(wait <= waited <= 1.25 * wait for waited in waits)
    assert len(set(waits)) == 3, "workers that are asked for the same spread out"


@pytest.mark.parametrize("asked_wait", ["0", "0.00001", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_short_asked_wait_does_not_use_up_the_retries(asked_wait: str) -> None:
    async with asked([error(429, "slow", {"Retry-After": asked_wait})] * 4) as (model, _, told):
        with pytest.raises(ModelUnavailable):
            await model.ask(BRIEF)
    steady = [0.0001, 0.0002, 0.0004]
    assert all(0.75 * s <= w <= 1.25 * s for s, (_, w) in zip(steady, told, strict=True))


@pytest.mark.parametrize("value", ["soon", "nan", "-1", "inf", "", "Wed, 99 Foo", "\xff", "1e999"])
async def test_an_odd_wait_is_passed_over(value: str) -> None:
    async with asked([error(429, "slow", {"Retry-After": value}), "done"]) as (model, _, told):
        await model.ask(BRIEF)
    assert 0 < told[0][1] < 0.001


@pytest.mark.parametrize("value", ["901", "1e308", "Fri, 21 Oct 2095 07:28:00 GMT"])
async def test_a_long_wait_is_none(value: str) -> None:
    failure = await raised([error(429, "tomorrow", {"Retry-After": value})])
    assert isinstance(failure, ModelUnavailable)
    assert "in 1 try (the next one, after " in str(failure)


@pytest.mark.parametrize("seed", range(5))
async def test_an_asked_wait_that_is_just_in_time_is_kept(seed: int) -> None:
    class Told(Exception):
        pass

    def tell(reason: str, wait: float) -> None:
        raise Told(wait)

    patience = Patience(replace(QUICK, retry_seconds=1000), "m", tell, random.Random(seed))
    with pytest.raises(Told) as caught:
        await patience.wait(Retry("503", 950.0))
    assert 950 <= caught.value.args[0] <= 1000


async def test_the_time_of_a_call_is_bounded() -> None:
    slow = error(503, "slow", {"Retry-After": "100"})
    failure = await raised([slow], replace(QUICK, retry_seconds=60))
    assert isinstance(failure, ModelUnavailable)
    assert "in 1 try (the next one, after 100 s, would be later than 60 s)" in str(failure)
