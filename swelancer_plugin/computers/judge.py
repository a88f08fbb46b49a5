"""The computer of a judge: a container of its own, joined one way to an app's container.

A sidecar in the app's network namespace listens on a unix socket and forwards to the app's port.
The socket lies on a volume that the app's container does not have; the judge's has it, and a
forwarder in there leads from its own loopback port to the socket. So the judge can reach the app,
and nothing leads from the app to the judge: no network, no file, no process, no abstract socket.

The app's pages do run in the judge's browser. Its sandbox needs user namespaces and a user who is
not root: the judge is one from its first process on, under a seccomp profile of its own.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swelancer_plugin.computers.docker import DockerComputer
from swelancer_plugin.computers.engine_answers import require_alive
from swelancer_plugin.computers.interface import (
    CommandError,
    ComputerGone,
    ComputerInterface,
    ComputerSpec,
    EngineError,
    JudgeSpec,
)
from swelancer_plugin.computers.launch import Confinement, Joint, launch
from swelancer_plugin.task import Repository

if TYPE_CHECKING:
    from docker import APIClient

WORKDIR: Final = "/judge"
"""The judge's working directory, empty at the start."""
RELAY: Final = "/opt/swelancer/relay.py"
"""Where the image has the relay's script."""
RELAY_DIRECTORY: Final = "/relay"
"""Where the volume that joins the two sides is mounted; not in the app's container."""
JUDGE_UID: Final = 1000
"""The user of the judge's processes; the image has it."""
SECCOMP_PROFILE: Final = Path(__file__).with_name("judge_seccomp.json")
"""Leaves a browser its namespaces, and takes what no judge needs and other exploits did."""
SIDECAR_MEMORY_BYTES: Final = 256 * 1024**2
SIDECAR_PIDS: Final = 64
_SOCKET: Final = f"unix:{RELAY_DIRECTORY}/app.sock"
_RELAY_SECONDS: Final = 60.0


class JudgeComputer(DockerComputer):
    """A judge's container, which takes its sidecar with it."""

    sidecar: DockerComputer | None = None

    async def cleanup(self) -> None:
        """Remove the judge, its sidecar and their volume. Raises EngineError, having tried all."""
        both = [super().cleanup()] + ([self.sidecar.cleanup()] if self.sidecar else [])
        for failure in await asyncio.gather(*both, return_exceptions=True):
            if failure is not None:
                raise failure


async def start_judge(api: APIClient, app: ComputerInterface, spec: JudgeSpec) -> JudgeComputer:
    """Start a judge for `app`; see `JudgingProvider`. A start that fails leaves nothing behind."""
    if not isinstance(app, DockerComputer):
        raise EngineError(f"a judge in a container can't be joined to a {type(app).__name__}")
    try:
        return await _start(api, app, spec)
    except EngineError:
        await asyncio.to_thread(require_alive, api, app.container, "join a judge")
        raise


async def _start(api: APIClient, app: DockerComputer, spec: JudgeSpec) -> JudgeComputer:
    port = f"tcp:{spec.port}"
    joint = Joint(network=f"container:{app.container}", volume=RELAY_DIRECTORY)
    sidecar = await launch(api, _sidecar_spec(spec), DockerComputer, joint)
    listening = asyncio.ensure_future(_relay(sidecar, _SOCKET, port))
    judge: JudgeComputer | None = None
    try:
        ours = Joint(volume_of=sidecar.container)
        confinement = Confinement(JUDGE_UID, SECCOMP_PROFILE.read_text())
        judge = await launch(api, _judge_spec(spec), JudgeComputer, ours, confinement)
        await asyncio.gather(listening, _relay(judge, port, _SOCKET))
    except BaseException:
        listening.cancel()
        left = [computer.cleanup() for computer in (sidecar, judge) if computer is not None]
        await asyncio.gather(listening, *left, return_exceptions=True)
        raise
    judge.sidecar = sidecar
    return judge


async def _relay(computer: DockerComputer, source: str, target: str) -> None:
    """Start a relay and return when it listens. Nobody else has been in there: it must succeed."""
    try:
        await computer.check_shell_command(
            f"python3 {RELAY} {source} {target}", timeout=_RELAY_SECONDS
        )
    except (CommandError, ComputerGone) as error:
        raise EngineError(f"the relay to the app did not start: {error}") from error


def _judge_spec(spec: JudgeSpec) -> ComputerSpec:
    return ComputerSpec(
        repository=Repository("judge", WORKDIR),
        image=spec.image,
        workdir=WORKDIR,
        memory_bytes=spec.memory_bytes,
        cpus=spec.cpus,
        pids=spec.pids,
        labels=spec.labels,
        keep=spec.keep,
    )


def _sidecar_spec(spec: JudgeSpec) -> ComputerSpec:
    return ComputerSpec(
        repository=Repository("relay", RELAY_DIRECTORY),
        image=spec.image,
        workdir=RELAY_DIRECTORY,
        memory_bytes=SIDECAR_MEMORY_BYTES,
        cpus=spec.cpus,
        pids=SIDECAR_PIDS,
        labels=spec.labels,
        keep=spec.keep,
    )
