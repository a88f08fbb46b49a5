from __future__ import annotations

import pytest

from swelancer_plugin.models.interface import ModelError, RequestRefused, WrongSetup
from swelancer_plugin.models.options import ModelOptions
from swelancer_plugin.models.proven import Proven
from tests.models.asking import BRIEF, QUICK, RESPONSES, RUN, asked, raised
from tests.models.scripted import (
    NO_CREDIT,
    TOO_LONG,
    UNAUTHORIZED,
    UNKNOWN_MODEL,
    UNSUPPORTED,
    Answer,
    Step,
    error,
)

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest.mark.parametrize("options", [QUICK, RESPONSES])
@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (UNAUTHORIZED, "the key is refused (401: Incorrect API key provided): check SWELANCER_A"),
        (error(403, "no access"), "the key is refused (403: no access)"),
        (UNKNOWN_MODEL, "no such model there, or no such API (404: The model does not exist)"),
        (Answer(404, b"404 page not found"), "check the model's name and the server's URL"),
        (error(402, "Insufficient credits"), "no credit is left (402: Insufficient credits)"),
        (NO_CREDIT, "no credit is left (429: You exceeded your current quota)"),
        (UNSUPPORTED, "the request has what this model does not take (400: Unsupported param"),
        (error(400, "nope", param="temperature"), "what this model does not take (400: nope)"),
        (error(400, "nope", param="tools[0].function"), "does not take (400: nope)"),
        (error(400, "x is not a valid model ID"), "does not take (400: x is not a valid model ID)"),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "the server sends us elsewhere"),
        (
            Answer(body={"error": {"code": 401, "message": "who?"}}),
            "is refused (401: who?)",
        ),
    ],
)
async def test_what_ends_a_run(fault: Step, text: str, options: ModelOptions) -> None:
    failure = await raised([fault], options)
    assert isinstance(failure, WrongSetup)
    assert str(failure).startswith("model 'openai/gpt-4o' at 127.0.0.1:")
    assert text in str(failure)


@pytest.mark.parametrize(
    "fault",
    [
        error(400, "content policy", code="content_policy_violation"),
        error(400, "Invalid value", param="messages[3].content"),
        error(422, "unprocessable"),
        error(400, "x" * 400 + " unsupported parameter"),
        error(403, "flagged", metadata={"reasons": ["violence"], "flagged_input": "..."}),
        Answer(400, b""),
        Answer(418, b'{"error": [1]}'),
        Answer(400, b'"text"'),
        Answer(400, {"detail": [{"loc": 1}]}),
    ],
)
async def test_what_ends_a_conversation(fault: Step) -> None:
    failure = await raised([fault])
    assert isinstance(failure, RequestRefused)
    assert "is refused (4" in str(failure)


async def test_a_response_that_failed() -> None:
    def failed(code: str) -> Answer:
        return Answer(body={"status": "failed", "error": {"code": code, "message": "why"}})

    async with asked([failed("server_error"), "done"], RESPONSES) as (model, _, told):
        await model.ask(BRIEF)
    assert told[0][0] == "500: why"
    assert isinstance(await raised([failed("invalid_prompt")], RESPONSES), RequestRefused)


@pytest.mark.parametrize(
    "fault",
    [
        TOO_LONG,
        error(400, "n_ctx", type="exceed_context_size_error"),
        error(400, "the request exceeds the available context size, try increasing it"),
        error(400, "prompt is too long: 210000 tokens > 200000 maximum"),
        error(400, "This endpoint's maximum context length is 131072 tokens."),
        error(400, "Provider returned error", metadata={"raw": "input is too long"}),
        error(422, "too many tokens"),
        error(413, "Request Entity Too Large"),
        error(429, "Request too large for gpt-4o on tokens per min"),
        Answer(body={"error": {"code": 400, "message": "exceeds the context window"}}),
    ],
)
async def test_a_brief_that_is_too_long_is_refused(fault: Step) -> None:
    failure = await raised([fault])
    assert isinstance(failure, RequestRefused)
    assert str(failure).endswith("- and nothing is left to leave out")


async def test_what_was_taken_once_is_no_wrong_setup() -> None:
    quoting = error(400, "can't render 'unsupported parameter: temperature'")
    async with asked(["done", quoting, quoting]) as (model, _, _):
        await model.ask(BRIEF)
        with pytest.raises(RequestRefused, match="the request is refused"):
            await model.ask(BRIEF)
        with pytest.raises(WrongSetup):
            await model.ask(BRIEF, [RUN])


FIREWALL = Answer(403, b"<html>Forbidden: a script in the request</html>")


@pytest.mark.parametrize(
    "fault",
    [
        FIREWALL,
        UNKNOWN_MODEL,
        Answer(404, b"not found"),
        Answer(405, b""),
        error(410, "gone"),
        Answer(302, b"", {"Location": "http://127.0.0.1:1/blocked"}),
        error(400, "The model does not exist", code="model_not_found"),
        UNSUPPORTED,
    ],
)
async def test_one_conversation_does_not_end_a_run_that_works(fault: Step) -> None:
    async with asked(["done", fault]) as (model, _, told):
        await model.ask(BRIEF)
        with pytest.raises(RequestRefused, match="the request is refused"):
            await model.ask(BRIEF)
    assert told == []


async def test_a_key_that_was_taken_once_is_tried_again() -> None:
    slip = error(401, "who?")
    async with asked(["done", slip, "done"]) as (model, _, told):
        await model.ask(BRIEF)
        assert (await model.ask(BRIEF)).message.content == "done"
    assert [reason for reason, _ in told] == ["401: who?"]


@pytest.mark.parametrize("fault", [UNAUTHORIZED, NO_CREDIT, error(402, "Insufficient credits")])
async def test_a_key_that_is_revoked_and_credit_that_is_spent_end_a_run(fault: Step) -> None:
    async with asked(["done", fault]) as (model, _, _):
        await model.ask(BRIEF)
        with pytest.raises(WrongSetup):
            await model.ask(BRIEF)


async def test_what_one_client_proved_the_next_one_knows() -> None:
    proven = Proven()
    async with asked(["done"], proven=proven) as (first, _, _):
        await first.ask(BRIEF)
    async with asked([FIREWALL, FIREWALL], proven=proven) as (second, _, _):
        with pytest.raises(RequestRefused):
            await second.ask(BRIEF)
        with pytest.raises(WrongSetup):
            await second.ask(BRIEF, [RUN])


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("the maximum value for max_tokens is 4096", RequestRefused),
        ("Unexpected role 'user' after role 'tool'", RequestRefused),
        ("Invalid 'input[3].call_id': no such call", RequestRefused),
        ("got an unexpected keyword argument 'seed'", WrongSetup),
        ("this model does not support tools", WrongSetup),
        ("Tool use is not supported by this endpoint", WrongSetup),
        ("invalid model ID", WrongSetup),
        ("The model `x` does not exist", WrongSetup),
    ],
)
async def test_messages_without_a_code(message: str, kind: type[ModelError]) -> None:
    assert type(await raised([error(400, message)])) is kind
