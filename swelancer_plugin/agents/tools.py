"""Function calling: a model works by a shell and tools for files, and ends by calling submit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Final

from swelancer_plugin.agents.output import sendable
from swelancer_plugin.agents.prompts import NO_DECISION, render
from swelancer_plugin.agents.shell import Shell
from swelancer_plugin.computers.interface import ComputerInterface
from swelancer_plugin.models.interface import Message, Model, ToolCall
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.task import Brief

RULES: Final = """\
## How you work
You work by calling tools, in `{workdir}`. Each command is a fresh shell, killed after {seconds:g}
seconds; files outlive it, shell variables do not. When your work is complete, call `submit`. You
have {turns} turns; a turn is one reply of yours, with at most {calls} calls.
"""
CALLS: Final = 32
"""Calls of one reply that are made; the others are told so."""
IDLE: Final = 3
"""Replies in a row without a call that end the work: more reminders would only cost money."""
NO_CALL: Final = "You called no tool. Go on with the tools, or call `submit` if you are done."
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_-]")
CUT: Final = "Your reply was cut at its length limit."


class Tools:
    """Asks, answers every call in order, until one submits."""

    name = "tools"

    async def solve(
        self,
        brief: Brief,
        computer: ComputerInterface,
        model: Model,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        """Work until the model submits, or has called nothing for `IDLE` replies in a row."""
        from swelancer_plugin.agents.toolbox import schemas

        shell = Shell(computer, brief.workdir, limits, transcript)
        messages = [Message("user", render(brief) + "\n" + _rules(brief, limits))]
        offered, idle, reminded = schemas(), 0, brief.variant != "swe_manager"
        while idle < IDLE:
            reply = await model.ask(messages, offered)
            calls = reply.message.tool_calls
            messages.append(sendable(_with_readable(reply.message)))
            answers, submitted = await _answers(calls, shell)
            idle = 0 if calls else idle + 1
            said = [CUT] * reply.cut + [NO_CALL] * (not calls)
            if submitted:
                if reminded or await shell.has_file(brief.decision_path):
                    return
                reminded = True
                said.append(NO_DECISION.format(path=brief.decision_path))
            said.append(f"Turns left: {limits.turns_left}")
            messages += _messages(answers, said)


def _rules(brief: Brief, limits: Limits) -> str:
    return RULES.format(
        workdir=brief.workdir,
        seconds=limits.command_seconds,
        turns=limits.max_turns,
        calls=CALLS,
    )


def _with_readable(message: Message) -> Message:
    """Return the message with its calls readable; without the server's own form, if one changed."""
    calls = tuple(map(_readable, message.tool_calls))
    return message if calls == message.tool_calls else replace(message, tool_calls=calls, items=())


def _readable(call: ToolCall) -> ToolCall:
    """Return the call as it can be sent back.

    Many servers refuse a conversation whose calls have arguments that are no JSON object, or names
    that no tool could have: one slip of a model would end its work.
    """
    name = _NO_NAME.sub("_", call.name[:64]) or "_"
    try:
        readable = isinstance(json.loads(call.arguments), dict)
    except (ValueError, RecursionError):
        readable = False
    if readable:
        return replace(call, name=name)
    said = call.arguments.strip()[:1000]
    return replace(call, name=name, arguments=json.dumps({"unreadable": said} if said else {}))


async def _answers(calls: tuple[ToolCall, ...], shell: Shell) -> tuple[list[Message], bool]:
    """Answer every call in order; say whether one of them submitted."""
    from swelancer_plugin.agents.toolbox import Submit, answer

    answers: list[Message] = []
    submitted = False
    for number, call in enumerate(calls):
        text = f"not done: at most {CALLS} calls of one reply are"
        if number < CALLS:
            text = await answer(call, shell)
            submitted = submitted or (call.name == Submit.name and text == "submitted")
        answers.append(Message("tool", text, tool_call_id=call.id))
    return answers, submitted


def _messages(answers: list[Message], said: list[str]) -> list[Message]:
    """Return what the model is sent: what there is to say goes with the last answer, if any."""
    text = "\n".join(said)
    if not answers:
        return [Message("user", text)]
    last = replace(answers[-1], content=f"{answers[-1].content}\n\n{text}")
    return [*answers[:-1], last]
