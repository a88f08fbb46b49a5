"""The SWE-Lancer protocol: a model writes Python in a block, reads what it prints, says DONE."""

from __future__ import annotations

import shlex
from base64 import b64encode
from dataclasses import replace
from typing import Final

from swelancer_plugin.agents.blocks import Parsed, parse
from swelancer_plugin.agents.output import sendable, shown, told
from swelancer_plugin.agents.prompts import NO_DECISION, render
from swelancer_plugin.agents.shell import Shell
from swelancer_plugin.agents.user_tool import COMMAND
from swelancer_plugin.computers.interface import CommandError, ComputerInterface, EngineError
from swelancer_plugin.models.interface import Message, Model
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.task import Brief

RULES: Final = """\
## How you work
You work by writing Python. In each reply, write one block that begins with a line ```python and
ends with a line ```. It is run by a fresh interpreter in `{workdir}`, and the next message holds
what it printed: print what you want to see. No variable outlives its block; files do. Use
`subprocess` to run shell commands. A block is killed after {seconds:g} seconds. Only the first
Python block of a reply is run. If your code holds lines that begin with ```, put a longer fence
around it.

When your work is complete, reply with the word DONE on a line of its own. You have {turns} turns; a
turn is one reply of yours.
"""
USER_RULE: Final = """
To ask for the user, write <user-tool> on a line of its own, outside of any block. A block of the
same reply is run first.
"""
INLINE: Final = 64 * 1024
"""Bytes of code that go in a command; as base64, one argument of a Linux process holds them."""
EMPTY: Final = "Your reply was empty."
NO_BLOCK: Final = (
    "Nothing was run: your reply holds no ```python block. The block has to begin on a line of its "
    "own. If your work is complete, reply with DONE alone."
)
NO_SHELL: Final = (
    "A block tagged {language} was not run: only ```python blocks are. Use `subprocess` in Python."
)
CUT: Final = (
    "Nothing was run: your reply was cut at its length limit before the block ended. Write less at "
    "once, for instance a file in several parts."
)
OTHERS: Final = "Only the first Python block was run; of {count} others none was."
NO_USER: Final = "There is no user for this job."
NO_PYTHON: Final = (
    "the agent code_blocks runs Python, and this computer has no python3. To do: add python3 to "
    "`packages` in repository.toml, or choose another agent (--agent tools)\n{said}"
)


class CodeBlocks:
    """Asks, runs the first Python block of the reply, answers with its output, until DONE."""

    name = "code_blocks"

    async def solve(
        self,
        brief: Brief,
        computer: ComputerInterface,
        model: Model,
        limits: Limits,
        transcript: Transcript,
    ) -> None:
        """Work until the model is done. Raises EngineError where there is no python3."""
        shell = Shell(computer, brief.workdir, limits, transcript)
        await _require_python(shell)
        messages = [Message("user", render(brief) + "\n" + _rules(brief, limits))]
        reminded = brief.variant != "swe_manager"
        while True:
            reply = await model.ask(messages)
            messages.append(sendable(_without_calls(reply.message)))
            parsed = parse(reply.message.content)
            answers = await _act(parsed, reply.message.content, reply.cut, shell)
            if parsed.user:
                answers.append(await ask_user(shell) if brief.user_tool else NO_USER)
            if _done(parsed, reply.cut):
                if reminded or await shell.has_file(brief.decision_path):
                    return
                reminded = True
                answers.append(NO_DECISION.format(path=brief.decision_path))
            answers.append(f"Turns left: {limits.turns_left}")
            messages.append(Message("user", "\n".join(answers)))


def _rules(brief: Brief, limits: Limits) -> str:
    rules = RULES.format(
        workdir=brief.workdir, seconds=limits.command_seconds, turns=limits.max_turns
    )
    return rules + USER_RULE if brief.user_tool else rules


def _without_calls(message: Message) -> Message:
    """Drop calls of tools, which nobody offered: each would have to be answered."""
    return replace(message, tool_calls=(), items=()) if message.tool_calls else message


def _done(parsed: Parsed, cut: bool) -> bool:
    """DONE counts unless the model had blocks in mind that were not run: it is told of those."""
    python = [block for block in parsed.blocks if block.python]
    all_run = len(python) <= 1 and not any(cut and not block.closed for block in python)
    return (
        parsed.done
        and not parsed.user
        and all_run
        and not any(block.shell for block in parsed.blocks)
    )


async def _act(parsed: Parsed, content: str, cut: bool, shell: Shell) -> list[str]:
    """Run what is to be run, and return what there is to say to it."""
    answers: list[str] = []
    python = [block for block in parsed.blocks if block.python]
    foreign = [block.language for block in parsed.blocks if block.shell]
    if python and (python[0].closed or not cut):
        answers.append(await run_python(python[0].code, shell))
        if len(python) > 1:
            answers.append(OTHERS.format(count=len(python) - 1))
    elif python:
        answers.append(CUT)
    elif not content.strip():
        answers.append(EMPTY)
    if foreign:
        answers.append(NO_SHELL.format(language=foreign[0]))
    elif not python and not parsed.done and not parsed.user:
        answers.append(NO_BLOCK)
    return answers


async def ask_user(shell: Shell) -> str:
    """Have the user try the app, and return what a model is told of it."""
    seconds = shell.seconds()
    return told(await shell.run(COMMAND, seconds), seconds)


async def run_python(code: str, shell: Shell) -> str:
    """Run code in a fresh interpreter; return what a model is told of it.

    It is read from stdin: no bound on its size, no trace of it in the computer, and the working
    directory is where it imports from. Unbuffered (``-u``): what it had printed when it was killed
    is seen, and stderr is in its place.
    """
    seconds = shell.seconds()
    # no source can hold a lone surrogate; with a question mark for it, Python says the rest
    content = code.encode("utf-8", errors="replace")
    try:
        given = await _given(content, shell)
    except (CommandError, OSError) as error:  # a full disk, for one: the work of earlier blocks
        return f"The code could not be brought into the computer: {shown(str(error), 2000)}"
    return told(await shell.run(given, seconds), seconds)


async def _given(content: bytes, shell: Shell) -> str:
    """Return the command that gives code to Python.

    In the command itself where it is short, so that a model that filled the disk can clear it; by a
    file that is gone before it runs where it is longer than a command may be.
    """
    if len(content) <= INLINE:
        return f"printf %s {b64encode(content).decode()} | base64 -d | python3 -u -"
    path = shlex.quote(await shell.stage(content))
    return f"{{ rm -f {path}; python3 -u -; }} < {path}"


async def _require_python(shell: Shell) -> None:
    result = await shell.run("python3 -c ''", shell.seconds())
    if result.exit_code != 0 and not result.timed_out:  # slow is no proof that there is none
        raise EngineError(NO_PYTHON.format(said=shown(result.text, 500)))
