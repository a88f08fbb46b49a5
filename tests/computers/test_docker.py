from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import docker
import docker.errors
import pytest
import pytest_asyncio

from swelancer_plugin.computers.channel import SCRATCH
from swelancer_plugin.computers.conformance_sealed import (
    PATIENCE,
    SealedConformance,
    answers,
    or_gone,
    running,
)
from swelancer_plugin.computers.docker import DockerComputer, DockerProvider
from swelancer_plugin.computers.interface import (
    CommandError,
    ComputerGone,
    ComputerProvider,
    DownloadError,
    EngineError,
    FrozenFile,
    PlacedComputer,
)
from tests.computers.conftest import LABELS, WORKDIR, a_spec, started

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
LABEL = "swelancer.test"


class TestDockerConformance(SealedConformance):
    @pytest_asyncio.fixture(loop_scope="function")
    async def computer(self, client: docker.DockerClient) -> AsyncIterator[DockerComputer]:
        async with started(client) as computer:
            yield computer


async def gone(client: docker.DockerClient, container: str, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            client.api.inspect_container(container)
        except docker.errors.NotFound:
            return True
        await asyncio.sleep(0.02)
    return False


def labelled(client: docker.DockerClient, value: str) -> list[str]:
    found = client.api.containers(all=True, filters={"label": f"{LABEL}={value}"})
    return [str(container["Id"]) for container in found]


async def test_is_a_provider(client: docker.DockerClient) -> None:
    provider: ComputerProvider = DockerProvider(client)
    assert (provider.name, provider.sealed) == ("docker", True)


async def test_is_hardened(client: docker.DockerClient) -> None:
    async with started(client) as computer:
        host = client.api.inspect_container(computer.container)["HostConfig"]
        assert host["NetworkMode"] == "none"
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert host["Memory"] == host["MemorySwap"] == 256 * 1024 * 1024
        assert host["PidsLimit"] == 128
        assert (host["CpuQuota"], host["CpuPeriod"]) == (200_000, 100_000)
        assert host["LogConfig"]["Type"] == "none"
        assert host["AutoRemove"]
        assert not host["Privileged"]
        assert not host["Binds"]
        seen = await computer.check_shell_command(
            "grep -h CapEff /proc/self/status; tail -n +3 /proc/net/dev | cut -d: -f1"
        )
        assert seen.text.split() == ["CapEff:", "0000000000000000", "lo"]


async def test_working_directory_is_made_on_the_containers_layer(
    client: docker.DockerClient,
) -> None:
    async with started(client) as computer:
        assert isinstance(computer, PlacedComputer)
        assert computer.workdir == WORKDIR
        assert (await computer.check_shell_command("pwd; touch new")).text == f"{WORKDIR}\n"
        changes = {change["Path"] for change in client.api.diff(computer.container)}
        assert f"{WORKDIR}/new" in changes
        assert not [path for path in changes if path.startswith(f"{SCRATCH}/")]


async def test_removed_working_directory_is_no_obstacle(client: docker.DockerClient) -> None:
    async with started(client) as computer:
        await computer.check_shell_command(f"cd / && rm -r {WORKDIR}")
        assert (await computer.check_shell_command("pwd")).text == "/\n"


async def test_upload_belongs_to_root_and_keeps_the_exec_bit(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\necho ran\n")
    script.chmod(0o711)
    os.chown(script, 12345, 12345) if os.geteuid() == 0 else None
    async with started(client) as computer:
        await computer.upload(str(script), "/opt/new/script")
        seen = await computer.check_shell_command(
            "stat -c '%a %u %g' /opt/new/script; /opt/new/script"
        )
        assert seen.text == "755 0 0\nran\n"


async def test_upload_over_a_directory_is_refused(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "local").write_text("x")
    async with started(client) as computer:
        await computer.check_shell_command("mkdir -p /opt/d/kept")
        with pytest.raises(Exception, match="exit code 1"):
            await computer.upload(str(tmp_path / "local"), "/opt/d")
        await computer.check_shell_command("[ -d /opt/d/kept ]")
        for path in ("relative", "/opt/d/"):
            with pytest.raises(ValueError):
                await computer.upload(str(tmp_path / "local"), path)


async def test_downloads_stay_within_the_container(client: docker.DockerClient) -> None:
    async with started(client) as computer:
        await computer.check_shell_command(
            f"ln -s ../../../../../../../../etc/hostname {WORKDIR}/up; ln -s /proc/1/environ e;"
            "ln -s b a; ln -s a b; truncate -s 1G sparse; mkfifo pipe"
        )
        inside = (await computer.check_shell_command("cat /etc/hostname")).output
        assert await computer.download(f"{WORKDIR}/up") in (inside, b"")
        for name in ("e", "a", "sparse", "pipe"):
            with pytest.raises(DownloadError):
                await computer.download(f"{WORKDIR}/{name}")


NO_PATHS = ["", "relative", "/nul\0", "/a/" + "x" * 300, "/a" * 2100, "/\ud800"]


@pytest.mark.parametrize("path", NO_PATHS, ids=["empty", "relative", "nul", "name", "long", "text"])
async def test_paths_that_no_file_can_have(
    client: docker.DockerClient, tmp_path: Path, path: str
) -> None:
    (tmp_path / "local").write_text("x")
    async with started(client) as computer:
        with pytest.raises(DownloadError):
            await computer.download(path)
        with pytest.raises(ValueError):
            await computer.upload(str(tmp_path / "local"), path)
        assert await answers(computer)
        await computer.freeze()
        assert await computer.read_frozen(path, 10) == FrozenFile("missing")


WEIRD = (
    "mkdir /w && cd /w && printf x > file && ln -s nowhere dangling && ln -s loop loop && "
    "ln -s l2 l1 && ln -s l1 l2 && mkdir dir && ln -s /w/dir into && mkfifo pipe && "
    "mkdir deep && cd deep && for n in $(seq 300); do ln -s l$((n-1)) l$n; done; printf x > l0; "
    "printf x > '/w/no such container'; ln -s 'no such container missing' /w/gone"
)


async def test_states_made_inside_are_never_the_engines_fault(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "local").write_text("y")
    local = str(tmp_path / "local")
    names = ["dangling", "loop", "loop/x", "l1", "l1/x", "dangling/x", "file/x", "dir", "pipe"]
    names += ["deep/l299", "gone", "no such container missing", "..", "into"]
    unwritable = ["/proc/1/x", "/proc/sys/kernel/x", "/etc/hostname", "/proc/self/root/tmp/x"]
    async with started(client) as computer:
        await computer.check_shell_command(WEIRD)
        for name in names:
            with pytest.raises(DownloadError):
                await computer.download(f"/w/{name}")
        for path in [f"/w/{name}" for name in ("loop/x", "l1/x", "dangling/x", "file/x", "into")]:
            with pytest.raises(CommandError):
                await computer.upload(local, path)
        for path in unwritable:
            with pytest.raises(CommandError):
                await computer.upload(local, path)
        await computer.upload(local, "/w/dangling")
        assert await computer.download("/w/dangling") == b"y"
        with pytest.raises(FileNotFoundError):
            await computer.upload(str(tmp_path / "missing"), "/w/new")
        assert await answers(computer)
        await computer.freeze()
        kinds = {
            name: (await computer.read_frozen(f"/w/{name}", 10)).kind
            for name in ("loop/x", "l1/x", "file/x", "pipe", "no such container missing", "deep/l5")
        }
        assert kinds == {
            **{"loop/x": "other", "l1/x": "other", "file/x": "missing", "pipe": "other"},
            **{"no such container missing": "missing", "deep/l5": "link"},
        }


async def test_file_that_changes_while_it_is_downloaded(client: docker.DockerClient) -> None:
    async with started(client) as computer:
        change = "while :; do truncate -s 20M f; truncate -s 1 f; rm f; mkfifo f; rm f; done"
        changing = asyncio.ensure_future(computer.send_shell_command(change, timeout=4.0))
        async with asyncio.timeout(PATIENCE):
            while not changing.done():
                with suppress(DownloadError):
                    await computer.download(f"{WORKDIR}/f")
                await asyncio.sleep(0)
            await changing
            assert await answers(computer)


async def test_hosts_file_that_fails_is_the_callers_error(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    # the second one says that it has a page of bytes, and does not have them
    async with started(client) as computer:
        for local in (tmp_path, Path("/sys/kernel/mm/transparent_hugepage/enabled")):
            with pytest.raises(OSError):
                await computer.upload(str(local), "/opt/x")
        assert await answers(computer)


async def test_container_that_is_killed_is_gone(
    client: docker.DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "local").write_text("x")
    async with started(client) as computer:
        stuck = await running(computer)
        client.api.kill(computer.container)
        async with asyncio.timeout(15):
            with pytest.raises(ComputerGone):
                await stuck
            assert await gone(client, computer.container)
            with pytest.raises(ComputerGone):
                await computer.send_shell_command("true")
            with pytest.raises(ComputerGone):
                await computer.download("/etc/passwd")
            with pytest.raises(ComputerGone):
                await computer.upload(str(tmp_path / "local"), "/opt/x")
            with pytest.raises(ComputerGone):
                await computer.freeze()
            with pytest.raises(ComputerGone):
                await computer.read_frozen("/etc/passwd", 10)
            await computer.cleanup()


async def test_cleanup_removes(client: docker.DockerClient) -> None:
    computer = await DockerProvider(client).start(a_spec())
    await computer.cleanup()
    with pytest.raises(docker.errors.NotFound):
        client.api.inspect_container(computer.container)


async def test_cancelled_cleanup_still_removes(client: docker.DockerClient) -> None:
    computer = await DockerProvider(client).start(a_spec())
    cleaning = asyncio.ensure_future(computer.cleanup())
    await asyncio.sleep(0)
    await asyncio.sleep(0.005)
    cleaning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cleaning
    await computer.cleanup()
    assert await gone(client, computer.container)


@pytest.mark.parametrize("after", [0.0, 0.01, 0.03, 0.1, 0.2, 0.4])
async def test_cancelled_start_leaves_nothing(client: docker.DockerClient, after: float) -> None:
    spec = a_spec()
    spec.labels[LABEL] = value = f"cancelled-{os.getpid()}-{after}"
    starting = asyncio.ensure_future(DockerProvider(client).start(spec))
    await asyncio.sleep(after)
    if starting.done():
        await (await starting).cleanup()
        return
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    # what was under way may still be made, but does not stay
    quiet_since = time.monotonic()
    until = quiet_since + 15
    while time.monotonic() - quiet_since < 1.0:
        assert time.monotonic() < until
        if labelled(client, value):
            quiet_since = time.monotonic()
        await asyncio.sleep(0.05)


async def test_missing_image_is_an_engine_error(client: docker.DockerClient) -> None:
    spec = a_spec()
    object.__setattr__(spec, "image", "swelancer-no-such-image:none")
    with pytest.raises(EngineError, match="swelancer-no-such-image"):
        await DockerProvider(client).start(spec)


async def test_failed_start_leaves_nothing(client: docker.DockerClient) -> None:
    spec = a_spec()
    spec.labels[LABEL] = value = f"failed-{os.getpid()}"
    object.__setattr__(spec, "workdir", "/etc/passwd")  # a file: runc can't enter it
    with pytest.raises(EngineError):
        await DockerProvider(client).start(spec)
    assert labelled(client, value) == []


async def test_engine_that_hangs_up_is_an_engine_error(tmp_path: Path) -> None:
    def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / "socket")
    client = docker.DockerClient(base_url=f"unix://{tmp_path}/socket", version="1.41")
    async with server:
        with pytest.raises(EngineError, match="does not answer"):
            await DockerProvider(client).start(a_spec())
    client.close()


async def test_freezing_what_is_frozen_already(client: docker.DockerClient) -> None:
    async with started(client) as computer:
        await computer.check_shell_command("echo x > /f")
        client.api.pause(computer.container)
        await computer.freeze()
        assert (await computer.read_frozen("/f", 10)).content == b"x\n"


def looked_into(client: docker.DockerClient, container: str, command: list[str]) -> bytes:
    """Run a command as a person would; an engine under load takes note of a resumption late."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            made = client.api.exec_create(container, command)
            printed: bytes = client.api.exec_start(made["Id"])
        except docker.errors.APIError as error:
            if error.status_code != 409 or time.monotonic() > give_up:
                raise
        else:
            return printed


async def test_kept_computer_outlives_its_client(client: docker.DockerClient) -> None:
    computer = await DockerProvider(client).start(a_spec(keep=True))
    try:
        await computer.check_shell_command("echo found > trace")
        await computer.freeze()
        await computer.cleanup()
        assert looked_into(client, computer.container, ["cat", "trace"]) == b"found\n"
    finally:
        client.api.remove_container(computer.container, force=True)


async def test_full_scratch(client: docker.DockerClient) -> None:
    spec = a_spec()
    object.__setattr__(spec, "memory_bytes", 512 * 1024 * 1024)
    async with started(client, spec) as computer:
        fill = f"head -c 200000000 /dev/zero > {SCRATCH}/fill; echo $?"
        assert (await computer.send_shell_command(fill)).exit_code == 0
        async with asyncio.timeout(PATIENCE):
            await or_gone(computer.send_shell_command("echo no room for this"))
            await or_gone(computer.send_shell_command(": " + "x" * 2_000_000))
            await or_gone(computer.send_shell_command(f"rm {SCRATCH}/fill"))
        await answers(computer)


@pytest.mark.parametrize(
    "attack",
    [
        "echo garbage > /proc/1/fd/2",
        "echo garbage > /proc/1/fd/1",
        "head -c 10000000 /dev/zero > /proc/1/fd/2",
        "cat /dev/zero > /proc/1/fd/1 & cat /dev/zero > /proc/1/fd/2",
        "yes 'q 1' > /proc/1/fd/2",
        "echo 'd 1 1 0' > /proc/1/fd/2; sleep 600",
        "echo 'x 999999999999999999999999 -1' > /proc/1/fd/2",
        "cat /proc/1/fd/0; sleep 600",
        "rm -f /bin/sh /usr/bin/setsid /usr/bin/cat; echo done",
        f"rm -rf {SCRATCH}/*; chmod 0 {SCRATCH}; echo done",
    ],
)
async def test_attacks_on_the_channel_end(client: docker.DockerClient, attack: str) -> None:
    async with started(client) as computer:
        async with asyncio.timeout(PATIENCE + 30):
            await or_gone(computer.send_shell_command(attack, timeout=3.0))
            await or_gone(computer.send_shell_command("echo next", timeout=3.0))
            await computer.cleanup()
        assert await gone(client, computer.container)


async def test_many_orphans_do_not_use_up_the_processes(client: docker.DockerClient) -> None:
    async with started(client) as computer:
        for _ in range(60):
            await computer.check_shell_command("for n in 1 2 3 4; do setsid true & done")
        counted = await computer.check_shell_command("ls -d /proc/[0-9]* | wc -l")
        assert int(counted.text) < 40


HOLDER = """
import asyncio, sys
import docker
from swelancer_plugin.computers.conformance import appears
from swelancer_plugin.computers.docker import DockerProvider
from tests.computers.conftest import a_spec

async def main() -> None:
    computer = await DockerProvider(docker.from_env()).start(a_spec())
    command = f"echo started > /started; {sys.argv[1]}"
    running = asyncio.ensure_future(computer.send_shell_command(command))
    assert await appears(computer, "/started")
    print(computer.container, flush=True)
    await running
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.parametrize("command", ["true", "sleep 600", "setsid sleep 600 & yes"])
async def test_container_ends_when_its_client_is_killed(
    client: docker.DockerClient, command: str
) -> None:
    holder = subprocess.Popen(  # noqa: ASYNC220  # it is killed below; nothing else waits here
        [sys.executable, "-c", HOLDER, command], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert holder.stdout is not None
    try:
        container = (await asyncio.to_thread(holder.stdout.readline)).decode().strip()
        assert container in labelled(client, LABELS[LABEL])
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    assert await gone(client, container)
