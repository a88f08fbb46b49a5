from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import docker
import docker.errors
import pytest

from swelancer_plugin.computers.docker import DockerComputer, DockerProvider
from swelancer_plugin.computers.images import judge_image
from swelancer_plugin.computers.interface import (
    ComputerGone,
    ComputerSpec,
    EngineError,
    JudgeSpec,
    JudgingProvider,
    SealedComputer,
)
from swelancer_plugin.computers.judge import (
    RELAY,
    SECCOMP_PROFILE,
    SIDECAR_MEMORY_BYTES,
    SIDECAR_PIDS,
    JudgeComputer,
)
from swelancer_plugin.computers.local import LocalProvider
from swelancer_plugin.runs.cleanup import KEEP_LABEL, RUN_LABEL, TASK_LABEL, sweep
from swelancer_plugin.task import Repository

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
PORT = 8080
SERVE = f"mkdir /tmp/s && cd /tmp/s && echo hello > x && python3 -m http.server {PORT}"
ASK = (
    "python3 -c 'import requests; "
    f'print(requests.get("http://127.0.0.1:{PORT}/x", timeout=20).text)\''
)


def labels(**more: str) -> dict[str, str]:
    return {RUN_LABEL: uuid.uuid4().hex, TASK_LABEL: "d/1", **more}


def app_spec(client: docker.DockerClient, labels: dict[str, str]) -> ComputerSpec:
    return ComputerSpec(
        Repository("x", "/app/x"),
        judge_image(client),
        "/app/x",
        memory_bytes=256 * 1024**2,
        pids=64,
        labels=labels,
    )


def judge_spec(
    client: docker.DockerClient, labels: dict[str, str], image: str = "", keep: bool = False
) -> JudgeSpec:
    return JudgeSpec(
        image or judge_image(client), PORT, 512 * 1024**2, 1.0, 100, labels=labels, keep=keep
    )


@asynccontextmanager
async def an_app(
    client: docker.DockerClient, labels: dict[str, str]
) -> AsyncIterator[DockerComputer]:
    app = await DockerProvider(client).start(app_spec(client, labels))
    try:
        yield app
    finally:
        await app.cleanup()


@asynccontextmanager
async def joined(
    client: docker.DockerClient,
) -> AsyncIterator[tuple[DockerComputer, JudgeComputer]]:
    """An app that is served, and its judge."""
    ours = labels()
    async with an_app(client, ours) as app:
        judge = await DockerProvider(client).start_judge(app, judge_spec(client, ours))
        assert isinstance(judge, JudgeComputer)
        serving = asyncio.ensure_future(app.send_shell_command(SERVE))
        try:
            async with asyncio.timeout(60):
                while (await judge.send_shell_command(ASK, timeout=30.0)).exit_code:
                    assert not serving.done(), serving
            yield app, judge
        finally:
            await judge.cleanup()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def found(client: docker.DockerClient, labels: dict[str, str]) -> list[str]:
    wanted = f"{RUN_LABEL}={labels[RUN_LABEL]}"
    return [str(each["Id"]) for each in client.api.containers(all=True, filters={"label": wanted})]


def volumes(client: docker.DockerClient, container: str) -> list[str]:
    mounts = client.api.inspect_container(container)["Mounts"]
    return [str(mount["Name"]) for mount in mounts if mount["Type"] == "volume"]


def exists(client: docker.DockerClient, volume: str) -> bool:
    try:
        client.api.inspect_volume(volume)
    except docker.errors.NotFound:
        return False
    return True


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(true):
            pass


async def test_provider_is_judging(client: docker.DockerClient) -> None:
    provider: JudgingProvider = DockerProvider(client)
    assert isinstance(provider, JudgingProvider)
    assert not isinstance(LocalProvider(), JudgingProvider)


async def test_judge_reaches_the_app_and_not_the_other_way_round(
    client: docker.DockerClient,
) -> None:
    async with joined(client) as (app, judge):
        assert isinstance(judge, SealedComputer)
        assert (await judge.check_shell_command(ASK)).text == "hello\n\n"
        listening = "python3 -m http.server 9090 >/dev/null 2>&1 &"
        await judge.check_shell_command(f"cd /judge && echo secret > x && {listening}")
        ask = ASK.replace(str(PORT), "9090")
        async with asyncio.timeout(30):
            while (await judge.send_shell_command(ask)).text != "secret\n\n":
                pass
        assert (await app.send_shell_command(ask)).exit_code == 1
        # The image of both is the judge's here, and so has /judge; what the judge wrote is its own.
        assert (await app.check_shell_command("ls -d /relay /judge/x || true")).text.count(
            "No"
        ) == 2


async def test_what_each_container_is(client: docker.DockerClient) -> None:
    async with joined(client) as (app, judge):
        assert judge.sidecar is not None
        sidecar = client.api.inspect_container(judge.sidecar.container)
        ours = client.api.inspect_container(judge.container)
        theirs = client.api.inspect_container(app.container)
        assert ours["HostConfig"]["NetworkMode"] == "none"
        assert sidecar["HostConfig"]["NetworkMode"] == f"container:{app.container}"
        assert theirs["Mounts"] == []
        ((mount,), (writable,)) = ours["Mounts"], sidecar["Mounts"]
        assert (mount["Destination"], mount["RW"]) == ("/relay", False)
        assert (writable["Name"], writable["RW"]) == (mount["Name"], True)
        bounds = [
            (each["HostConfig"]["Memory"], each["HostConfig"]["PidsLimit"])
            for each in (ours, sidecar)
        ]
        assert bounds == [(512 * 1024**2, 100), (SIDECAR_MEMORY_BYTES, SIDECAR_PIDS)]
        for each in (ours, sidecar, theirs):
            host = each["HostConfig"]
            assert (host["IpcMode"], host["PidMode"]) == ("private", "")
            assert host["CapDrop"] == ["ALL"]
            profile = [f"seccomp={SECCOMP_PROFILE.read_text()}"] if each is ours else []
            assert host["SecurityOpt"] == ["no-new-privileges", *profile]
            assert each["Config"]["User"] == ("1000:1000" if each is ours else "0:0")
            assert host["AutoRemove"]


async def test_cleanup_removes_all_but_the_app(client: docker.DockerClient) -> None:
    ours = labels()
    async with an_app(client, ours) as app:
        judge = await DockerProvider(client).start_judge(app, judge_spec(client, ours))
        (volume,) = volumes(client, judge.container)
        assert len(found(client, ours)) == 3
        await judge.freeze()
        await judge.cleanup()
        await judge.cleanup()
        assert found(client, ours) == [app.container]
        assert not exists(client, volume)
        assert (await app.check_shell_command("echo usable")).text == "usable\n"


async def test_a_judge_for_a_computer_that_works_on(client: docker.DockerClient) -> None:
    """An agent's own computer: judged while it lives, usable and to be frozen afterwards."""
    async with joined(client) as (app, judge):
        assert (await judge.check_shell_command(ASK)).text == "hello\n\n"
        await judge.cleanup()
        await app.check_shell_command("echo work > result")
        await app.freeze()
        assert (await app.read_frozen("/app/x/result", 10)).content == b"work\n"


async def test_app_that_is_gone(client: docker.DockerClient) -> None:
    ours = labels()
    async with an_app(client, ours) as app:
        await app.cleanup()
        with pytest.raises(ComputerGone):
            await DockerProvider(client).start_judge(app, judge_spec(client, ours))
    assert found(client, ours) == []


async def test_app_of_another_provider(client: docker.DockerClient) -> None:
    other = await LocalProvider().start(ComputerSpec(Repository("x", "/x"), None, "/x"))
    try:
        with pytest.raises(EngineError, match="LocalComputer"):
            await DockerProvider(client).start_judge(other, judge_spec(client, labels()))
    finally:
        await other.cleanup()


async def test_start_that_fails_half_way_leaves_nothing(client: docker.DockerClient) -> None:
    """An image without the relay: both containers run by then. And one that is no image at all."""
    ours = labels()
    async with an_app(client, ours) as app:
        for image in ("swelancer/base:bookworm", "swelancer-no-such-image:none"):
            with pytest.raises(EngineError):
                await DockerProvider(client).start_judge(app, judge_spec(client, ours, image))
            assert found(client, ours) == [app.container]


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.5])
async def test_cancelled_start_leaves_nothing(client: docker.DockerClient, after: float) -> None:
    ours = labels()
    async with an_app(client, ours) as app:
        spec = judge_spec(client, ours)
        starting = asyncio.ensure_future(DockerProvider(client).start_judge(app, spec))
        await asyncio.wait({starting}, timeout=after)
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await (await starting).cleanup()
        await until(lambda: found(client, ours) == [app.container])


async def test_what_is_kept(client: docker.DockerClient) -> None:
    ours = labels(**{KEEP_LABEL: "1"})
    async with an_app(client, ours) as app:
        judge = await DockerProvider(client).start_judge(app, judge_spec(client, ours, keep=True))
        (volume,) = volumes(client, judge.container)
        try:
            await judge.freeze()
            await judge.cleanup()
            assert sweep(client, ours[RUN_LABEL]) == 0
            assert len(found(client, ours)) == 3
            assert exists(client, volume)
        finally:
            for container in set(found(client, ours)) - {app.container}:
                client.api.remove_container(container, force=True, v=True)
        assert not exists(client, volume)


async def test_sweep_takes_the_volume_too(client: docker.DockerClient) -> None:
    ours = labels()
    async with an_app(client, ours) as app:
        judge = await DockerProvider(client).start_judge(app, judge_spec(client, ours))
        (volume,) = volumes(client, judge.container)
        await judge.freeze()
        assert sweep(client, ours[RUN_LABEL], "d/1") == 3
        assert found(client, ours) == []
        assert not exists(client, volume)
        await judge.cleanup()


async def test_containers_that_end_by_themselves_take_the_volume(
    client: docker.DockerClient,
) -> None:
    """As when the process that has the judge is killed: their streams end, and they with them."""
    ours = labels()
    async with an_app(client, ours) as app:
        judge = await DockerProvider(client).start_judge(app, judge_spec(client, ours))
        assert isinstance(judge, JudgeComputer)
        assert judge.sidecar is not None
        (volume,) = volumes(client, judge.container)
        judge.close()
        judge.sidecar.close()
        await until(lambda: not exists(client, volume))
        assert found(client, ours) == [app.container]


async def test_relay_says_why_it_does_not_start(client: docker.DockerClient) -> None:
    async with an_app(client, labels()) as app:
        result = await app.send_shell_command(f"python3 {RELAY} unix:/no/such tcp:1", timeout=30.0)
        assert result.exit_code == 1
        assert "No such file" in result.text
