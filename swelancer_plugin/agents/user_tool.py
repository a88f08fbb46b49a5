"""A user whom an agent can ask to try its app: a command in its computer, answered from outside.

The command (`COMMAND`) writes a line into a pipe and shows what comes out of another one. On our
side one command is always waiting at the first pipe; when it returns, the user is let loose on the
app. Whoever runs in the computer can break all of that for itself: then there is no user for it.
"""

from __future__ import annotations

import asyncio
import io
import posixpath
import shlex
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

from swelancer_plugin.agents.output import shown
from swelancer_plugin.computers.interface import (
    CommandError,
    ComputerGone,
    EngineError,
    SealedComputer,
    TimedComputer,
    TreeFile,
    checked,
)
from swelancer_plugin.grading.user_session import Session

COMMAND: Final = "user-tool"
"""What an agent runs in its computer."""
DIRECTORY: Final = "user_tool"
"""Below the working directory, for what the user leaves: no part of a submission."""
VISITS: Final = 20
"""Of a user in one attempt."""
VISIT_SECONDS: Final = 240.0
"""Of one visit, building and serving the app included; shorter than a command may take."""
_PIPES: Final = "/run/swelancer-user"
_SETUP_SECONDS: Final = 30.0
_ANSWER_SECONDS: Final = 10.0
_LOG_CHARACTERS: Final = 14_000
_SCRIPT: Final = f"""#!/bin/sh
# Asks a user to try the app, and shows what the user saw. Takes no arguments.
[ -p {_PIPES}/ask ] || {{ echo 'There is no user any more.'; exit 1; }}
echo please >{_PIPES}/ask && exec cat {_PIPES}/answer
"""
_INSTALL: Final = f"""set -e
mkdir -p {_PIPES} /usr/local/bin
rm -f {_PIPES}/ask {_PIPES}/answer
mkfifo {_PIPES}/ask {_PIPES}/answer
printf %s {shlex.quote(_SCRIPT)} >/usr/local/bin/{COMMAND}
chmod 755 /usr/local/bin/{COMMAND}"""
_WAIT: Final = f"read -r asked <{_PIPES}/ask"
_LEAVE: Final = f"rm -f {_PIPES}/ask {_PIPES}/answer"

Visit: TypeAlias = Callable[[], Awaitable[Session]]
"""Lets the user try the app once. Raises EngineError, ComputerGone."""
Keep: TypeAlias = Callable[[str, bytes], object]


@asynccontextmanager
async def offered(
    computer: SealedComputer, workdir: str, visit: Visit, keep: Keep
) -> AsyncIterator[None]:
    """Have the command in a computer while the block lasts; `keep` stores what users leave.

    Raises EngineError where it can't be put there: nobody has worked in the computer yet.
    """
    assert isinstance(computer, TimedComputer)
    try:
        checked(COMMAND, await computer.send_shell_command(_INSTALL, timeout=_SETUP_SECONDS))
    except (CommandError, ComputerGone) as error:
        raise EngineError(f"the user tool can't be installed: {error}") from error
    answering = asyncio.create_task(_answer_all(computer, workdir, visit, keep))
    try:
        yield
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


async def _answer_all(computer: SealedComputer, workdir: str, visit: Visit, keep: Keep) -> None:
    assert isinstance(computer, TimedComputer)
    try:
        for number in range(1, VISITS + 1):
            asked = await computer.send_shell_command(_WAIT)
            if asked.exit_code:  # the pipe is gone, or the waiting was killed
                break
            said = await _visited(computer, workdir, number, visit, keep)
            answer = shlex.quote(shown(said, _LOG_CHARACTERS) + "\n")
            give = f"printf %s {answer} >{_PIPES}/answer"
            await computer.send_shell_command(give, timeout=_ANSWER_SECONDS)
        await computer.send_shell_command(_LEAVE, timeout=_ANSWER_SECONDS)
    except ComputerGone:
        return


async def _visited(
    computer: SealedComputer, workdir: str, number: int, visit: Visit, keep: Keep
) -> str:
    """Let a user visit, and return what the agent is told of it."""
    try:
        async with asyncio.timeout(VISIT_SECONDS):
            session = await visit()
        place = posixpath.join(DIRECTORY, str(number))
        for file in session.files:
            keep(f"{place}/{file.path}", file.content)
        if session.files and await _left(computer, workdir, place, session.files):
            names = ", ".join(sorted(file.path for file in session.files))
            return f"{session.said}\nIn {place}/: {names}\n"
    except TimeoutError:
        return f"The user could not use the app within {VISIT_SECONDS:g} s."
    except ComputerGone:
        raise
    except Exception as error:  # ours or the task's, and no reason to end the agent's work
        return f"There is no user now: {shown(str(error), 500)}"
    return session.said


async def _left(
    computer: SealedComputer, workdir: str, place: str, files: Sequence[TreeFile]
) -> bool:
    """Put what the user left into the agent's computer; False where it takes nothing."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in files:
            header = tarfile.TarInfo(f"{place}/{file.path}")
            header.size, header.mode = len(file.content), 0o644
            tar.addfile(header, io.BytesIO(file.content))
    try:
        await computer.unpack(packed.getvalue(), workdir)
    except CommandError:
        return False
    return True
