"""Containers made, attached to and started; and removed, whatever became of them meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import docker.errors
from docker.types import LogConfig

from swelancer_plugin.computers.attachment import attach
from swelancer_plugin.computers.channel import SCRATCH, SCRATCH_OPTIONS, Channel, entry_point
from swelancer_plugin.computers.engine_answers import engine_asked
from swelancer_plugin.computers.interface import ComputerGone, ComputerSpec, EngineError
from swelancer_plugin.computers.limits import ENGINE_LIMIT

if TYPE_CHECKING:
    from docker import APIClient

_CPU_PERIOD = 100_000
"""Microseconds. A quota, unlike NanoCpus, may be above what the machine has."""


@dataclass(frozen=True, slots=True)
class Joint:
    """What a container has in common with another one; by default nothing."""

    network: str = "none"
    """As the engine has it: ``container:<id>`` for the network namespace of a container."""
    volume: str | None = None
    """Where a volume of no name is mounted; it goes with the last container that has it."""
    volume_of: str | None = None
    """Id of the container whose volume is mounted at the same place, to be read."""


ALONE: Final = Joint()


@dataclass(frozen=True, slots=True)
class Confinement:
    """Who a container's processes are, and which system calls they may make."""

    uid: int = 0
    """With the group of the same number. Without capabilities no process can become another."""
    seccomp: str | None = None
    """A profile as the engine reads it, its text; None for the engine's own."""


AS_ROOT: Final = Confinement()


class _Launched(Protocol):
    @property
    def container(self) -> str: ...

    async def hello(self) -> None: ...

    def close(self) -> None: ...


C = TypeVar("C", bound=_Launched)
Maker = Callable[["APIClient", str, Channel, ComputerSpec], C]


async def launch(
    api: APIClient,
    spec: ComputerSpec,
    make: Maker[C],
    joint: Joint = ALONE,
    confinement: Confinement = AS_ROOT,
) -> C:
    """Start a container of `spec.image` and return what `make` made of it. Raises EngineError.

    Whatever happens, a cancellation included, no container stays that nobody has.
    """
    configuration = _configuration(api, spec, joint, confinement)
    launch = _Launch(api, spec, make, configuration)
    try:
        computer = await asyncio.to_thread(launch.run)
        await computer.hello()
    except ComputerGone as gone:  # nobody has worked in it yet: the image, not a task
        launch.abandon()
        raise EngineError(f"image {spec.image!r} gave no working computer: {gone}") from gone
    except BaseException:
        launch.abandon()
        raise
    return computer


class _Launch(Generic[C]):
    """Creating a container in a thread, which nothing can interrupt.

    Its fruit may be unwanted by the time it is there.
    """

    def __init__(
        self, api: APIClient, spec: ComputerSpec, make: Maker[C], configuration: dict[str, Any]
    ) -> None:
        self._api = api
        self._spec = spec
        self._make = make
        self._configuration = configuration
        self._lock = threading.Lock()
        self._abandoned = False
        self._computer: C | None = None

    def run(self) -> C:
        """Create, attach, start: in this order no byte of its stream is missed."""
        what = f"start a computer of image {self._spec.image!r}"
        with engine_asked(what, about_container=False):
            container = str(self._api.create_container(**self._configuration)["Id"])
            try:
                stream = attach(self._api, container)
                try:
                    self._api.start(container)
                except BaseException:
                    stream.close()
                    raise
            except BaseException:
                remove(self._api, container)
                raise
        computer = self._make(self._api, container, Channel(stream), self._spec)
        with self._lock:
            self._computer = computer
            abandoned = self._abandoned
        if abandoned:
            self._undo(computer)
        return computer

    def abandon(self) -> None:
        """Have the container removed, now or as soon as it is there; does not wait for it."""
        with self._lock:
            self._abandoned = True
            computer = self._computer
        if computer is not None:
            threading.Thread(target=self._undo, args=[computer]).start()

    def _undo(self, computer: C) -> None:
        try:
            remove(self._api, computer.container)
        finally:
            computer.close()


def remove(api: APIClient, container: str) -> None:
    """Remove a container, whatever its state, and wait until it is gone. Raises EngineError."""
    with engine_asked("remove a container", about_container=False):
        try:
            api.remove_container(container, v=True, force=True)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            if error.status_code != 409:  # it is being removed already
                raise
            _await_removal(api, container)


def _await_removal(api: APIClient, container: str) -> None:
    try:
        api.wait(container, timeout=int(ENGINE_LIMIT), condition="removed")
    except docker.errors.NotFound:
        return


def _configuration(
    api: APIClient, spec: ComputerSpec, joint: Joint, confinement: Confinement
) -> dict[str, Any]:
    owner = f"{confinement.uid}:{confinement.uid}"
    profile = [] if confinement.seccomp is None else [f"seccomp={confinement.seccomp}"]
    return {
        "image": spec.image,
        "entrypoint": [],
        "command": entry_point(spec.keep),
        "working_dir": spec.workdir,
        "user": owner,
        "stdin_open": True,
        "tty": False,
        "labels": dict(spec.labels),
        "volumes": [joint.volume] if joint.volume else None,
        "host_config": api.create_host_config(
            auto_remove=not spec.keep,
            network_mode=joint.network,
            ipc_mode="private",
            volumes_from=[f"{joint.volume_of}:ro"] if joint.volume_of else None,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges", *profile],
            mem_limit=spec.memory_bytes,
            memswap_limit=spec.memory_bytes,
            cpu_period=_CPU_PERIOD,
            cpu_quota=int(spec.cpus * _CPU_PERIOD),
            pids_limit=spec.pids,
            log_config=LogConfig(type="none"),
            tmpfs={SCRATCH: f"{SCRATCH_OPTIONS},uid={confinement.uid},gid={confinement.uid}"},
        ),
    }
