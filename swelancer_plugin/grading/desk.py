"""A task's app for a person: served in its container, with a browser on a desktop beside it."""

from __future__ import annotations

import asyncio
import secrets
import shlex
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swelancer_plugin.computers.docker import DockerComputer, DockerProvider
from swelancer_plugin.computers.engine import address
from swelancer_plugin.computers.forward import forwarded
from swelancer_plugin.computers.images import desktop_image, repository_image
from swelancer_plugin.computers.interface import (
    CommandError,
    ComputerSpec,
    EngineError,
    JudgeSpec,
    checked,
)
from swelancer_plugin.computers.stopping import stoppable
from swelancer_plugin.datasets.native import load
from swelancer_plugin.datasets.patched import patched
from swelancer_plugin.grading import stage
from swelancer_plugin.grading.serving import NotServed, build, served
from swelancer_plugin.runs.cleanup import RUN_LABEL, TASK_LABEL
from swelancer_plugin.task import App, IcAnswer, Repository, Task

if TYPE_CHECKING:
    from docker import DockerClient

DESKTOP_PORT: Final = 6080
"""Where noVNC answers, in the judge's computer and, if it is free, on this machine."""
_WELCOME: Final = """\
The app is served, with the bug in it. A desktop with a browser:
    http://127.0.0.1:{port}/vnc.html?autoconnect=1&resize=scale&password={password}
The app's container is {container}; a shell in it follows, if this is a terminal. Leave with Ctrl-D.
"""
_VNC_PORT: Final = 5900
_START_SECONDS: Final = 60.0
# The screen is there already, and so is the replay of recorded traffic, where there is some.
_DESKTOP: Final = """cd /judge && export DISPLAY={display} || exit
run() {{ setsid "$@" >>output/desktop.log 2>&1 </dev/null & }}
run fluxbox
run x11vnc -display {display} -localhost -forever -shared -passwd {password} -rfbport {vnc}
run websockify --web /usr/share/novnc 127.0.0.1:{desktop} 127.0.0.1:{vnc}
run chromium --no-first-run --user-data-dir=/judge/person --start-maximized {proxy} \
    http://127.0.0.1:{port}/
for port in {vnc} {desktop}; do
    until (echo >/dev/tcp/127.0.0.1/$port) 2>/dev/null; do sleep 0.05; done
done"""


@dataclass(frozen=True, slots=True)
class Place:
    """What a person can look into."""

    app: DockerComputer
    """With the bug in it, as an agent finds it."""
    desktop: DockerComputer
    password: str
    """Of the desktop: pages in the person's own browser can reach its port, too."""


@asynccontextmanager
async def desk(client: DockerClient, task_toml: Path) -> AsyncIterator[Place]:
    """Serve an ic_swe task's app while the block lasts, and have a desktop that can reach it.

    Nothing of it stays. Raises EngineError, also for an app that is not served, with its log, and
    DatasetError.
    """
    task = load(task_toml)
    answer, app = task.answer, task.repository.app
    if not isinstance(answer, IcAnswer) or app is None or answer.bug_patch is None:
        raise EngineError(f"{task.id} is no ic_swe task: there is no app of it to try")
    repository = patched(task.repository, answer.bug_patch)
    provider = DockerProvider(client)
    labels = {RUN_LABEL: uuid.uuid4().hex, TASK_LABEL: f"{task.dataset}/{task.id}"}
    image = await stoppable(repository_image, client, repository)
    desktop_of = await stoppable(desktop_image, client)
    computer = await provider.start(_spec(repository, image, labels))
    try:
        desktop = await provider.start_judge(
            computer, JudgeSpec(desktop_of, app.port, labels=labels)
        )
        try:
            async with _served(computer, app, repository, desktop):
                password = secrets.token_hex(4)  # VNC reads eight characters
                await _furnish(desktop, task, app, password)
                yield Place(computer, desktop, password)
        finally:
            await desktop.cleanup()
    finally:
        await computer.cleanup()


def _spec(repository: Repository, image: str, labels: dict[str, str]) -> ComputerSpec:
    return ComputerSpec(repository, image, repository.workdir, labels=labels)


@asynccontextmanager
async def _served(
    computer: DockerComputer, app: App, repository: Repository, desktop: DockerComputer
) -> AsyncIterator[None]:
    built = await build(computer, app, repository.workdir)
    if built.problem:
        raise EngineError(f"{built.problem}:\n{built.log[-4000:].decode(errors='replace')}")
    try:
        async with served(computer, app, repository.workdir, desktop):
            yield
    except NotServed as error:
        raise EngineError(f"{error}:\n{error.log[-4000:].decode(errors='replace')}") from error


async def _furnish(desktop: DockerComputer, task: Task, app: App, password: str) -> None:
    """Start the screen, the replay of the task's traffic, and what shows and fills the screen."""
    assert isinstance(task.answer, IcAnswer)
    try:
        packed = stage.pack(map(Path, task.answer.tests), "tests", {})
        await desktop.unpack(packed.archive, stage.JUDGE)
        variables = await stage.start(desktop, packed.traffic, app.port, headed=True)
        replay = variables.get("REPLAY_URL")
        proxy = f"--proxy-server={replay} --proxy-bypass-list=127.0.0.1" if replay else ""
        script = _DESKTOP.format(
            display=variables["DISPLAY"],
            vnc=_VNC_PORT,
            desktop=DESKTOP_PORT,
            proxy=proxy,
            port=app.port,
            password=password,
        )
        command = shlex.join(["bash", "-c", script])
        checked(command, await desktop.send_shell_command(command, timeout=_START_SECONDS))
    except (CommandError, OSError) as error:
        raise EngineError(f"the desktop did not start: {error}") from error


async def open_desk(client: DockerClient, task_toml: Path, port: int) -> None:
    """Have a desk for a person at a terminal: a shell in the app's computer, or until stdin ends.

    `port` of this machine leads to the desktop; 0 takes a free one. Raises as `desk` does, and
    EngineError where the port is taken.
    """
    async with desk(client, task_toml) as place:
        try:
            with forwarded(client.api, place.desktop.container, DESKTOP_PORT, port) as here:
                welcome = _WELCOME.format(
                    port=here, container=place.app.container[:12], password=place.password
                )
                print(welcome, flush=True)
                await _leaving(client, place.app)
        except OSError as error:
            raise EngineError(f"port {port} of this machine: {error}. To do: --port 0") from error


async def _leaving(client: DockerClient, app: DockerComputer) -> None:
    """Have the person's shell, or wait until stdin ends; a signal ends the waiting."""
    left = asyncio.get_running_loop().create_future()

    def wait() -> None:
        _until_leaving(client, app)
        with suppress(RuntimeError):  # the loop is over: a signal was faster
            left.get_loop().call_soon_threadsafe(left.set_result, None)

    threading.Thread(target=wait, daemon=True).start()  # a read of stdin can't be ended
    await left


def _until_leaving(client: DockerClient, app: DockerComputer) -> None:
    program = shutil.which("docker")
    if not sys.stdin.isatty() or program is None:
        sys.stdin.read()
        return
    shell = 'exec "$(command -v bash || echo sh)"'
    command = ["exec", "-it", "-w", app.workdir, app.container, "sh", "-c", shell]
    # The program would ask the engine of its own choice.
    subprocess.run([program, "-H", address(client), *command], check=False)
