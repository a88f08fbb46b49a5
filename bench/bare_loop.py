"""The floor under a manager task: what the engine alone costs for the same steps.

    python -m bench.bare_loop --count 265 --at-once 4

Each round creates a hardened container, attaches, starts it, runs one command that writes a file,
freezes it, reads the file through the engine and removes the container.
"""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from docker.types import LogConfig

from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.engine import connect

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "swelancer.bench"
COMMAND = b"mkdir -p /app/x && echo '{\"selected_proposal_id\": 1}' > /app/x/decision; echo done\n"


def create(client: DockerClient) -> str:
    """Create the container that a task gets, as lean as the engine lets one be."""
    api = client.api
    config = api.create_host_config(
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=2 * 1024**3,
        memswap_limit=2 * 1024**3,
        nano_cpus=2 * 10**9,
        pids_limit=512,
        log_config=LogConfig(type="none"),
        auto_remove=True,
    )
    made: dict[str, str] = api.create_container(
        BASE_IMAGE, ["sh"], stdin_open=True, labels={LABEL: "1"}, host_config=config
    )
    return made["Id"]


def attach(client: DockerClient, container: str) -> socket.socket:
    """Attach to stdin and output."""
    stream = client.api.attach_socket(
        container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    )
    raw: socket.socket = getattr(stream, "_sock", stream)
    raw.settimeout(60)
    return raw


def one_task(client: DockerClient) -> None:
    """Go through the steps of one task."""
    container = create(client)
    stream = attach(client, container)
    client.api.start(container)
    stream.sendall(COMMAND)
    said = b""
    while b"done" not in said:
        said += stream.recv(4096)
    client.api.pause(container)
    chunks, _ = client.api.get_archive(container, "/app/x/decision")
    assert b"selected_proposal_id" in b"".join(chunks)
    stream.close()
    client.api.remove_container(container, force=True, v=True)


def timed(work: Callable[[], object]) -> float:
    """Return the wall seconds that the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Print the seconds of the whole loop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=265)
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    client = connect()

    def loop() -> None:
        with ThreadPoolExecutor(options.at_once) as pool:
            list(pool.map(lambda _: one_task(client), range(options.count)))

    seconds = timed(loop)
    print(f"{seconds:.1f} s, {options.count / seconds * 60:.0f} tasks a minute")


if __name__ == "__main__":
    main()
