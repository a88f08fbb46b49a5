"""A model that answers from a list, and the attempt around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from swelancer_plugin.agents.interface import Agent
from swelancer_plugin.computers.interface import ComputerInterface, ComputerSpec
from swelancer_plugin.computers.local import LocalComputer, LocalProvider
from swelancer_plugin.models.interface import Message, Reply, Tool, ToolCall
from swelancer_plugin.models.limits import Limits
from swelancer_plugin.models.transcript import Transcript
from swelancer_plugin.task import Brief, Proposal, Repository, Variant

Line: TypeAlias = "str | Reply | Exception | Callable[[], str]"


@dataclass
class Script:
    """Says one line after the other, and keeps what it was asked."""

    lines: Iterable[Line]
    limits: Limits = field(default_factory=Limits)
    name: str = "script"
    heard: list[Message] = field(default_factory=list)
    """The last message of each asking."""
    conversation: tuple[Message, ...] = ()
    offered: tuple[Tool, ...] = ()

    def __post_init__(self) -> None:
        self._lines = iter(self.lines)

    async def ask(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> Reply:
        self.limits.begin_turn()
        self.conversation = tuple(messages)
        self.heard.append(messages[-1])
        self.offered = tuple(tools)
        line = next(self._lines)
        if isinstance(line, Exception):
            raise line
        if isinstance(line, Reply):
            return line
        return says(line if isinstance(line, str) else line())

    @property
    def told(self) -> list[str]:
        """What it was told after each of its replies."""
        return [message.content for message in self.heard[1:]]


def says(content: str, *calls: ToolCall, cut: bool = False) -> Reply:
    return Reply(Message("assistant", content, calls), cut=cut)


def a_brief(workdir: str, variant: Variant = "ic_swe") -> Brief:
    proposals = (Proposal(1, "a"), Proposal(4, "b")) if variant == "swe_manager" else ()
    return Brief("7", variant, "A title", "It is broken.", 500_00, workdir, proposals)


SPEC = ComputerSpec(Repository("x", "/app/x"), None, "/app/x")


@asynccontextmanager
async def local() -> AsyncIterator[LocalComputer]:
    computer = await LocalProvider().start(SPEC)
    try:
        yield computer
    finally:
        await computer.cleanup()


async def play(
    agent: Agent,
    computer: ComputerInterface,
    workdir: str,
    *lines: Line,
    limits: Limits | None = None,
    variant: Variant = "ic_swe",
    transcript: Path | None = None,
) -> Script:
    """Let an agent work with a scripted model, and return the model."""
    script = Script(lines, limits or Limits())
    story = Transcript(transcript) if transcript else Silent(Path("nowhere"))
    try:
        await agent.solve(a_brief(workdir, variant), computer, script, script.limits, story)
    finally:
        story.close()
    return script


class Silent(Transcript):
    """Keeps nothing."""

    def write(self, event: str, **facts: object) -> None:
        return
