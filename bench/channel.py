"""What a command and a start cost, against the engine's own way, in the same run.

    python -m bench.channel --rounds 15

In turn: a command through the channel, the same as an engine exec; a computer from its start to its
first answer, and a bare create and start of the same container.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from typing import TYPE_CHECKING

from bench.bare_loop import LABEL, create, timed
from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.docker import DockerProvider
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.interface import ComputerSpec
from swelancer_plugin.task import Repository

if TYPE_CHECKING:
    from docker import DockerClient

COMMANDS = 20
"""Commands of each kind in a round."""


async def one_round(client: DockerClient) -> tuple[float, float, list[float], list[float]]:
    """Return the seconds of our start, of the bare start, and of each command of either kind."""
    spec = ComputerSpec(Repository("x", "/app/x"), BASE_IMAGE, "/app/x", labels={LABEL: "1"})
    start = time.perf_counter()
    computer = await DockerProvider(client).start(spec)
    await computer.check_shell_command("true")
    ours = time.perf_counter() - start
    channel, execs = [], []
    for _ in range(COMMANDS):
        start = time.perf_counter()
        await computer.send_shell_command("true")
        channel.append(time.perf_counter() - start)
    for _ in range(COMMANDS):  # after, not between: an exec keeps the engine busy beyond its end
        start = time.perf_counter()
        execution = client.api.exec_create(computer.container, ["sh", "-c", "true"])
        client.api.exec_start(execution["Id"])
        execs.append(time.perf_counter() - start)
    await computer.cleanup()
    made: list[str] = []

    def bare() -> None:
        made.append(create(client))
        client.api.start(made[0])

    floor = timed(bare)
    client.api.remove_container(made[0], force=True)
    return ours, floor, channel, execs


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    client = connect()
    asyncio.run(one_round(client))  # the first is for caches
    measured = [asyncio.run(one_round(client)) for _ in range(rounds)]
    channel = statistics.median(each for one in measured for each in one[2]) * 1000
    execs = statistics.median(each for one in measured for each in one[3]) * 1000
    print(f"command: channel {channel:.1f} ms, exec {execs:.1f} ms, ratio {execs / channel:.1f}")
    ours = statistics.median(one[0] for one in measured) * 1000
    floor = statistics.median(one[1] for one in measured) * 1000
    ratio = statistics.median(one[0] / one[1] for one in measured)
    print(
        f"start: to the first answer {ours:.0f} ms, bare create and start {floor:.0f} ms, "
        f"ratio {ratio:.2f} (median of {rounds} pairs)"
    )


if __name__ == "__main__":
    main()
