from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swelancer_plugin.models import chat, responses
from swelancer_plugin.models.answers import MAX_COST, Malformed, ServerSaid
from swelancer_plugin.models.endpoint import Endpoint
from swelancer_plugin.models.failures import NoReasoning, Retry, TooLong, error_of, verdict
from swelancer_plugin.models.interface import Message, ModelError, Reply, ToolCall, Usage
from swelancer_plugin.models.options import ModelOptions
from swelancer_plugin.models.secrets import Scrubber
from tests.models.asking import BRIEF, KEY, QUICK, RESPONSES, asked
from tests.models.scripted import Answer, Say

AT = Endpoint("m", "https://host/v1", KEY, "custom")
in_a_loop = pytest.mark.asyncio(loop_scope="function")


@in_a_loop
@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"content": None}, ""),
        ({}, ""),
        ({"content": None, "refusal": "I won't."}, "I won't."),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab"),
        ({"content": "\ud800 \x00 \ud83d\ude00"}, "? \x00 \U0001f600"),
    ],
)
async def test_odd_contents(message: dict[str, object], content: str) -> None:
    async with asked([Answer(body={"choices": [{"message": message}]})]) as (model, _, _):
        reply = await model.ask(BRIEF)
    assert reply.message == Message("assistant", content)
    assert reply.usage == Usage()


@in_a_loop
@pytest.mark.parametrize(
    "choice",
    [
        None,
        {"message": None},
        {"message": "text"},
        {"message": {"content": 7}},
        {"message": {"content": [7]}},
        {"message": {"content": [{"text": {}}]}},
        {"message": {"tool_calls": "run"}},
        {"message": {"tool_calls": [None]}},
        {"message": {"tool_calls": [{"function": {"name": 7}}]}},
        {"message": {"tool_calls": [{"id": 1, "function": {"name": "run"}}]}},
        {"error": {"code": 502, "message": "provider"}, "message": {"content": ""}},
    ],
)
async def test_wrong_types_are_asked_again(choice: object) -> None:
    async with asked([Answer(body={"choices": [choice]}), "done"]) as (model, _, told):
        assert (await model.ask(BRIEF)).message.content == "done"
    assert len(told) == 1


@in_a_loop
async def test_tool_calls_of_other_servers() -> None:
    calls = [{"function": {"name": "run", "arguments": {"c": "ls"}}}, {"function": {"name": "run"}}]
    message = {"content": None, "tool_calls": calls}
    async with asked([Answer(body={"choices": [{"message": message}]})]) as (model, _, _):
        reply = await model.ask(BRIEF)
    assert reply.message.tool_calls == (
        ToolCall("call_0", "run", '{"c": "ls"}'),
        ToolCall("call_1", "run", "{}"),
    )


@in_a_loop
@pytest.mark.parametrize(
    "function", [None, "run", [], {}, {"name": ""}, {"name": None, "arguments": None}]
)
async def test_a_call_without_a_name_is_kept_for_the_agent_to_tell(function: object) -> None:
    message = {"content": None, "tool_calls": [{"id": "a", "function": function}]}
    async with asked([Answer(body={"choices": [{"message": message}]})]) as (model, _, told):
        assert (await model.ask(BRIEF)).message.tool_calls == (ToolCall("a", "", "{}"),)
    assert told == []


THOUGHT = {"type": "reasoning", "encrypted_content": "x"}
TEXT = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}


@pytest.mark.parametrize(
    ("output", "carried"),
    [
        ([THOUGHT, TEXT], (THOUGHT, TEXT)),
        ([THOUGHT, THOUGHT, TEXT, THOUGHT], (THOUGHT, THOUGHT, TEXT)),
        ([THOUGHT], ()),
        ([TEXT, THOUGHT], ()),
        ([{"type": "reasoning"}, TEXT], ()),
    ],
)
def test_reasoning_goes_back_with_what_it_led_to(
    output: list[object], carried: tuple[object, ...]
) -> None:
    reply, _ = responses.reply({"status": "incomplete", "output": output})
    assert reply.message.items == carried
    (sent,) = responses.request(AT, ModelOptions(), [reply.message], [])["input"][-1:]
    assert sent["type"] == "message"


@in_a_loop
@pytest.mark.parametrize(
    ("given", "usage"),
    [
        ({"prompt_tokens": -1, "completion_tokens": "9"}, Usage()),
        ({"prompt_tokens": True, "completion_tokens": 1.5}, Usage()),
        ({"prompt_tokens": 10**12, "completion_tokens": 1}, Usage(0, 0, 1)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(5, 5)),
        ({"prompt_tokens": 5, "prompt_tokens_details": []}, Usage(5)),
    ],
)
async def test_odd_usage(given: dict[str, object], usage: Usage) -> None:
    async with asked([Say("done", usage=given)]) as (model, _, _):
        assert (await model.ask(BRIEF)).usage == usage


@in_a_loop
@pytest.mark.parametrize("options", [QUICK, RESPONSES])
async def test_a_cut_reply_says_so(options: ModelOptions) -> None:
    async with asked([Say("half", cut=True)], options) as (model, _, _):
        assert (await model.ask(BRIEF)).cut


# What JSON can hold, with the keys that are read among those of its objects.
KEYS = st.sampled_from(
    [
        "choices",
        "message",
        "content",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "id",
        "usage",
        "error",
        "code",
        "output",
        "type",
        "text",
        "status",
        "prompt_tokens",
        "prompt_tokens_details",
        "input_tokens",
        "incomplete_details",
        "cost",
        "metadata",
        "raw",
        "param",
        "refusal",
    ]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | st.integers() | FLOATS | st.text(max_size=5)
JSON = st.recursive(
    LEAVES | st.sampled_from(["message", "function_call", "reasoning", "failed", "completed"]),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(KEYS, each, max_size=6),
    max_leaves=30,
)
MESSAGES = st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({"message": JSON}))})


@settings(max_examples=150)
@pytest.mark.parametrize("read", [chat.reply, responses.reply])
@given(answer=JSON | MESSAGES | st.fixed_dictionaries({"output": st.lists(JSON)}))
def test_anything_is_a_reply_or_is_malformed(
    read: Callable[[object], tuple[Reply, Decimal | None]], answer: object
) -> None:
    try:
        reply, cost = read(answer)
    except (Malformed, ServerSaid):
        return
    assert reply.message.role == "assistant"
    assert reply.usage.cached_tokens <= reply.usage.input_tokens
    assert reply.usage.reasoning_tokens <= reply.usage.output_tokens
    assert cost is None or 0 <= cost <= MAX_COST
    options = ModelOptions()
    json.dumps(chat.request(AT, options, [reply.message], []))
    json.dumps(responses.request(AT, options, [reply.message], []))


@settings(max_examples=150)
@given(
    JSON | st.fixed_dictionaries({"error": JSON}),
    st.integers(300, 599),
    st.text(st.characters(codec="latin-1"), max_size=20),
)
def test_any_error_means_something(body: object, status: int, wait: str) -> None:
    error = error_of(json.dumps(body).encode(), Scrubber(AT))
    found = verdict(AT, status, error, {"retry-after": wait})
    assert isinstance(found, Retry | TooLong | NoReasoning | ModelError)
    if isinstance(found, Retry) and found.wait is not None:
        assert 0 <= found.wait < float("inf")


@given(st.binary(max_size=300), st.integers(300, 599))
def test_any_bytes_of_an_error_mean_something(body: bytes, status: int) -> None:
    error = error_of(body, Scrubber(AT))
    found = verdict(AT, status, error, {})
    assert error["message"].isprintable()
    assert len(str(found)) < 2000
