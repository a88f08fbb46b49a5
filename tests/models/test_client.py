from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace
from decimal import Decimal
from typing import Literal

import pytest

from swelancer_plugin.models.interface import (
    Message,
    Model,
    ModelError,
    ToolCall,
    Usage,
)
from swelancer_plugin.models.options import ModelOptions
from swelancer_plugin.models.pricing import Price, Prices
from tests.models.asking import BRIEF, KEY, QUICK, RESPONSES, RUN, asked
from tests.models.scripted import (
    HELD,
    TOO_LONG,
    Answer,
    Say,
    Script,
    Step,
    error,
    tokens,
)

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def test_a_reply() -> None:
    async with asked([Say("done", cached=3, reasoning=5)]) as (model, server, told):
        is_a: Model = model
        reply = await is_a.ask(BRIEF)
    assert is_a.name == "openai/gpt-4o"
    assert reply.message == Message("assistant", "done")
    sent = server.requests[0]["messages"]
    assert reply.usage == Usage(tokens(sent), 3, tokens("done") + 5, 5)
    assert (reply.cost, reply.cut, told) == (None, False, [])
    assert server.requests == [
        {
            "model": "gpt-4o",
            "messages": [
                {"role": "system", "content": "You fix bugs."},
                {"role": "user", "content": "Fix this."},
            ],
        }
    ]
    assert server.paths == ["/v1/chat/completions"]
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("api", "sent"),
    [
        (
            "chat",
            {"temperature": 0.5, "seed": 7, "reasoning_effort": "low", "max_tokens": 99},
        ),
        (
            "responses",
            {"temperature": 0.5, "reasoning": {"effort": "low"}, "max_output_tokens": 99},
        ),
    ],
)
async def test_options_are_sent(api: Literal["chat", "responses"], sent: dict[str, object]) -> None:
    options = replace(
        QUICK, api=api, temperature=0.5, seed=7, reasoning_effort="low", max_output_tokens=99
    )
    async with asked(["done"], options) as (model, server, _):
        await model.ask(BRIEF)
    request = server.requests[0]
    kept = ("model", "messages", "input", "store", "include")
    assert {key: value for key, value in request.items() if key not in kept} == sent


async def test_openai_s_own_name_of_the_limit() -> None:
    options = replace(QUICK, max_output_tokens=99)
    async with asked(["done"], options, provider="openai") as (model, server, _):
        await model.ask(BRIEF)
    assert server.requests[0]["max_completion_tokens"] == 99


@pytest.mark.parametrize("options", [QUICK, RESPONSES])
async def test_tools_go_round(options: ModelOptions) -> None:
    script: Script = [Say("", [("run", {"c": "ls"}), ("run", "not { json")]), "done"]
    async with asked(script, options) as (model, server, _):
        reply = await model.ask(BRIEF, [RUN])
        calls = (
            ToolCall("call_1_0", "run", '{"c": "ls"}'),
            ToolCall("call_1_1", "run", "not { json"),
        )
        assert reply.message == Message("assistant", "", calls)
        answers = [Message("tool", f"out {i}", tool_call_id=c.id) for i, c in enumerate(calls)]
        assert (await model.ask([*BRIEF, reply.message, *answers], [RUN])).message.content == "done"
    second = server.requests[1]
    if options.api == "chat":
        assert second["tools"][0]["function"] == {
            "name": "run",
            "description": "Runs a command.",
            "parameters": RUN.parameters,
        }
        function = {"name": "run", "arguments": '{"c": "ls"}'}
        assert second["messages"][2]["content"] is None
        assert second["messages"][2]["tool_calls"][0] == {
            "id": "call_1_0",
            "type": "function",
            "function": function,
        }
        assert second["messages"][3:] == [
            {"role": "tool", "content": "out 0", "tool_call_id": "call_1_0"},
            {"role": "tool", "content": "out 1", "tool_call_id": "call_1_1"},
        ]
    else:
        assert second["tools"][0]["name"] == "run"
        assert second["input"][2:] == [
            {
                "type": "function_call",
                "call_id": "call_1_0",
                "name": "run",
                "arguments": '{"c": "ls"}',
            },
            {
                "type": "function_call",
                "call_id": "call_1_1",
                "name": "run",
                "arguments": "not { json",
            },
            {"type": "function_call_output", "call_id": "call_1_0", "output": "out 0"},
            {"type": "function_call_output", "call_id": "call_1_1", "output": "out 1"},
        ]


async def test_the_responses_api() -> None:
    script: Script = [
        Say("thinking", [("run", {})], cached=2, reasoning=4, thought="secret=="),
        "done",
    ]
    async with asked(script, RESPONSES) as (model, server, _):
        reply = await model.ask(BRIEF, [RUN])
        answer = Message("tool", "out", tool_call_id="call_1_0")
        await model.ask([*BRIEF, reply.message, answer], [RUN])
    first, second = server.requests
    assert server.paths == ["/v1/responses"] * 2
    assert (first["store"], first["include"]) == (False, ["reasoning.encrypted_content"])
    assert reply.usage == Usage(tokens(first["input"]), 2, tokens("thinking") + 4, 4)
    assert [item.get("type") for item in second["input"][2:]] == [
        "reasoning",
        "message",
        "function_call",
        "function_call_output",
    ]
    assert second["input"][2]["encrypted_content"] == "secret=="


async def test_the_responses_api_without_reasoning() -> None:
    async with asked([Say("thinking", [("run", {})]), "done"], RESPONSES) as (model, server, _):
        reply = await model.ask(BRIEF, [RUN])
        await model.ask([*BRIEF, reply.message], [RUN])
    assert reply.message.items == ()
    part = {"type": "output_text", "text": "thinking"}
    call = {"type": "function_call", "call_id": "call_1_0", "name": "run", "arguments": "{}"}
    assert server.requests[1]["input"] == [
        {"role": "system", "content": "You fix bugs."},
        {"role": "user", "content": "Fix this."},
        {"type": "message", "role": "assistant", "content": [part]},
        call,
    ]


async def test_a_model_without_reasoning_is_asked_without_it() -> None:
    refusal = error(400, "Encrypted content is not supported with this model.", param="include")
    async with asked([refusal, "one", "two"], RESPONSES) as (model, server, told):
        assert (await model.ask(BRIEF)).message.content == "one"
        assert (await model.ask(BRIEF)).message.content == "two"
    assert ["include" in request for request in server.requests] == [True, False, False]
    assert told == []


async def test_include_refused_twice_ends_it() -> None:
    refusal = error(400, "Encrypted content is not supported with this model.", param="include")
    async with asked([refusal, refusal], RESPONSES) as (model, _, _):
        with pytest.raises(ModelError, match="Encrypted content is not supported"):
            await model.ask(BRIEF)


async def test_gzip_is_read() -> None:
    body = json.dumps({"choices": [{"message": {"content": "small"}}]}).encode()
    answer = Answer(body=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    async with asked([answer]) as (model, _, _):
        assert (await model.ask(BRIEF)).message.content == "small"


async def test_a_cancelled_call_is_over() -> None:
    async with asked([HELD, "after"]) as (model, server, _):
        task = asyncio.create_task(model.ask(BRIEF))
        await asyncio.to_thread(server.arrived.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await model.ask(BRIEF)).message.content == "after"


async def test_an_endless_answer() -> None:
    bomb = gzip.compress(b'{"choices": "' + b"x" * 5_000_000 + b'"}')
    answers: Script = [
        Answer(body=b"x" * 200_000),
        Answer(body=bomb, headers={"Content-Encoding": "gzip"}),
        Answer(500, b"x" * 200_000),
        "done",
    ]
    async with asked(answers, replace(QUICK, reply_bytes=100_000)) as (model, _, told):
        assert (await model.ask(BRIEF)).message.content == "done"
    assert len(told) == 3
    assert all("an answer above 100000 bytes" in reason for reason, _ in told)


async def test_lone_surrogates_can_be_sent() -> None:
    async with asked(["done"]) as (model, server, _):
        await model.ask([Message("user", "a\udcffb")])
    assert server.requests[0]["messages"][0]["content"] == "a?b"


def turns(count: int, length: int) -> list[Message]:
    each = [Message("assistant", "run"), Message("user", "x" * length)]
    return BRIEF + each * count


async def test_too_long_is_sent_again_with_less() -> None:
    def answer(request: dict[str, object]) -> Step:
        return "done" if len(json.dumps(request)) < 5000 else TOO_LONG

    conversation = turns(20, 1000)
    async with asked(answer) as (model, server, told):
        assert (await model.ask(conversation)).message.content == "done"
        first = len(server.requests)
        assert (await model.ask(conversation)).message.content == "done"
    assert 2 < first < 9
    assert len(server.requests) == first + 1, "what was too long is not sent a second time"
    assert len(told) == first - 1
    assert told[0][0].startswith("too long, sent again with less: model 'openai/gpt-4o' at ")
    last = server.requests[-1]["messages"]
    assert last[0] == {"role": "system", "content": "You fix bugs."}
    assert last[1]["content"].startswith("Fix this.\n\n[")
    assert last[-1]["content"] == "x" * 1000


async def test_the_last_turn_is_cut_where_it_is_too_long_alone() -> None:
    def answer(request: dict[str, object]) -> Step:
        return "done" if len(json.dumps(request)) < 5000 else TOO_LONG

    async with asked(answer) as (model, server, _):
        await model.ask(turns(1, 50_000))
    assert "characters were left out here]" in server.requests[-1]["messages"][-1]["content"]


async def test_a_known_window_is_kept_to() -> None:
    table = {"gpt-4o": Price(Decimal(1), Decimal(1), context_window=2000)}
    async with asked(lambda _: "done", prices=Prices(table)) as (model, server, told):
        await model.ask(turns(20, 1000))
    assert told == []
    assert len(json.dumps(server.requests[0]["messages"])) < 2000 * 3.5


async def test_the_count_of_the_server_calibrates() -> None:
    table = {"gpt-4o": Price(Decimal(1), Decimal(1), context_window=8000)}
    said = Say("done", usage={"prompt_tokens": 5000, "completion_tokens": 1})
    async with asked([said, said], prices=Prices(table)) as (model, server, _):
        await model.ask(turns(5, 1000))  # about 5,000 characters: a token for each
        await model.ask(turns(20, 1000))
    assert len(json.dumps(server.requests[1]["messages"])) < 8000


@pytest.mark.parametrize(
    ("provider", "cost", "known"),
    [
        ("openrouter", 0.0125, Decimal("0.0125")),
        ("openrouter", 0, Decimal(0)),
        ("openrouter", None, Decimal(3)),
        ("openrouter", -1, Decimal(3)),
        ("openrouter", "0.1", Decimal(3)),
        ("openrouter", True, Decimal(3)),
        ("custom", 0.0125, Decimal(3)),
    ],
)
async def test_who_says_what_a_call_costs(provider: str, cost: object, known: Decimal) -> None:
    table = {"gpt-4o": Price(Decimal(1_000_000), Decimal(2_000_000))}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": cost}
    script = [Say("done", usage=usage)]
    async with asked(script, provider=provider, prices=Prices(table)) as (model, _, _):  # type: ignore[arg-type]
        assert (await model.ask(BRIEF)).cost == known


async def test_a_closed_model_connects_anew() -> None:
    async with asked(["one", "two"]) as (model, _, _):
        await model.ask(BRIEF)
        await model.close()
        assert (await model.ask(BRIEF)).message.content == "two"


async def test_many_at_once() -> None:
    def answer(request: dict[str, list[dict[str, str]]]) -> Step:
        return "re: " + request["messages"][-1]["content"]

    async with asked(answer) as (model, _, _):
        replies = await asyncio.gather(*(model.ask([Message("user", str(n))]) for n in range(50)))
    assert [reply.message.content for reply in replies] == [f"re: {n}" for n in range(50)]
