"""The hardened containers that the doctor tries things in, and looking at them from outside."""

from __future__ import annotations

import io
import socket
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.interface import EngineError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

LABEL = "swelancer.doctor"
LIFETIME_SECONDS = 30
"""How long a probe may run inside, after which its container ends by itself."""
MEBIBYTE = 1024**2


@contextmanager
def probe_container(
    client: DockerClient, script: str, *, start: bool = True, **options: object
) -> Iterator[Container]:
    """Run a script in a hardened container, which is removed at the end whatever happens.

    `options` are docker's own and win over the hardening.
    """
    limits: dict[str, Any] = {
        "network_mode": "none",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": 128 * MEBIBYTE,
        "pids_limit": 64,
        "nano_cpus": 10**9,
        **options,
    }
    container = client.containers.create(
        BASE_IMAGE,
        ["timeout", str(LIFETIME_SECONDS), "sh", "-c", script],
        name=f"swelancer-doctor-{uuid.uuid4().hex[:12]}",
        labels={LABEL: "1"},
        memswap_limit=limits["mem_limit"],
        **limits,
    )
    try:
        if start:
            container.start()
        yield container
    finally:
        container.remove(force=True, v=True)


def remove_leftovers(client: DockerClient) -> None:
    """Remove what a doctor left that was killed; one that is at work now is younger."""
    from docker.errors import APIError

    for summary in client.api.containers(all=True, filters={"label": f"{LABEL}=1"}):
        if time.time() - summary["Created"] > 10 * LIFETIME_SECONDS:
            with suppress(APIError):
                client.api.remove_container(summary["Id"], force=True, v=True)


def read_file(container: Container, path: str) -> str:
    """Return a small file of a container as the engine reads it; '' where it is not there."""
    from docker.errors import NotFound

    try:
        chunks, _ = container.get_archive(path)
    except NotFound:
        return ""
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        file = tar.extractfile(tar.getmembers()[0])
        return file.read().decode("utf-8", errors="replace") if file else ""


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Wait for a condition. Raises EngineError, saying what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EngineError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.02)


def exit_code(container: Container) -> int:
    """Wait for the end of a container and return its exit code."""
    return int(container.wait(timeout=LIFETIME_SECONDS + 10)["StatusCode"])


def ends_within(container: Container, seconds: float) -> bool:
    """Tell whether a container ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        container.reload()
        if container.status == "exited":
            return True
        time.sleep(0.05)
    return False


def close_stream(attached: object) -> None:
    """Close an attached stream for good; closing the library's wrapper alone is not noticed."""
    stream: Any = attached  # one of several types, by the kind of address
    raw = getattr(stream, "_sock", None)
    if raw is not None:
        with suppress(OSError):
            raw.shutdown(socket.SHUT_RDWR)
        raw.close()
    stream.close()
