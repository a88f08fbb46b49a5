from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from swelancer_plugin.computers.docker import DockerComputer
from swelancer_plugin.computers.interface import ComputerGone
from swelancer_plugin.grading.serving import (
    SERVER_LOG,
    SERVER_LOG_BYTES,
    NotServed,
    build,
    served,
)
from tests.grading.conftest import APP, SERVER, WORKDIR, Play

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
ASK = (
    "python3 -c 'import requests; "
    'print(requests.get("http://127.0.0.1:8080/answer", timeout=20).text)\''
)


@pytest_asyncio.fixture(loop_scope="function")
async def computer(play: Play, tmp_path: Path) -> AsyncIterator[DockerComputer]:
    """The computer of an agent, who has made the tiny app in it."""
    computer = await play.provider.start(play.app_spec())
    (tmp_path / "app.py").write_text(SERVER)
    try:
        await computer.upload(str(tmp_path / "app.py"), f"{WORKDIR}/app.py")
        await computer.check_shell_command("printf right > answer.txt")
        yield computer
    finally:
        await computer.cleanup()
        assert play.left() == []


async def test_build(computer: DockerComputer) -> None:
    (result, failed, late) = (
        await build(computer, replace(APP, build="pwd\n# a comment"), WORKDIR),
        await build(computer, replace(APP, build="echo out; echo err >&2; exit 5"), WORKDIR),
        await build(
            computer, replace(APP, build="echo out; sleep 600", build_seconds=0.5), WORKDIR
        ),
    )
    assert (result.problem, result.log) == ("", f"{WORKDIR}\n".encode())
    assert (failed.problem, failed.log) == ("the build failed with exit code 5", b"out\nerr\n")
    assert (late.problem, late.log) == ("the build did not end in 0.5 s", b"out\n")
    nowhere = await build(computer, APP, "/no/such")
    assert nowhere.problem == "the build failed with exit code 2"


async def test_served_as_long_as_the_block(computer: DockerComputer) -> None:
    """Asked from inside, as of a computer that no judge is joined to; again and again."""
    for _ in range(3):
        async with served(computer, APP, WORKDIR, computer) as server:
            assert (await computer.check_shell_command(ASK)).text == "right\n"
            assert not server.ended
            assert b'"GET /answer HTTP/1.1" 200' in await server.log()
        assert (await computer.send_shell_command(ASK)).exit_code == 1


async def test_served_for_a_judge_in_a_computer_that_works_on(
    play: Play, computer: DockerComputer
) -> None:
    judge = await play.provider.start_judge(computer, play.judge_spec())
    try:
        async with served(computer, APP, WORKDIR, judge):
            assert (await judge.check_shell_command(ASK)).text == "right\n"
            await computer.check_shell_command("printf better > answer.txt")
            assert (await judge.check_shell_command(ASK)).text == "better\n"
    finally:
        await judge.cleanup()
    await computer.check_shell_command("echo more >> answer.txt")
    await computer.freeze()
    answer = await computer.read_frozen(f"{WORKDIR}/answer.txt", 100)
    assert answer.content == b"bettermore\n"


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Broken", "101 Switching"])
async def test_any_status_is_an_answer(computer: DockerComputer, status: str) -> None:
    answering = f"""cat > s.py <<'END'
import socket
listener = socket.create_server(("127.0.0.1", {APP.port}))
while True:
    connection, _ = listener.accept()
    print(connection.recv(1000).split()[1].decode(), flush=True)
    connection.sendall(b"HTTP/1.1 {status}\\r\\n\\r\\n")
END"""
    await computer.check_shell_command(answering)
    app = replace(APP, serve="exec python3 s.py", ready="/it's?a=%d&b=$(x)")
    async with served(computer, app, WORKDIR, computer) as server:
        assert await server.log() == b"/it's?a=%d&b=$(x)\n"


@pytest.mark.parametrize("answer", ["", "SSH-2.0-OpenSSH_9.2\\r\\n", "HTTP/1.1 2", "\\0\\xff" * 50])
async def test_what_is_no_status_is_no_answer(computer: DockerComputer, answer: str) -> None:
    junk = f"""cat > s.py <<'END'
import socket
listener = socket.create_server(("127.0.0.1", {APP.port}))
while True:
    connection, _ = listener.accept()
    connection.sendall(b"{answer}")
    connection.close()
END"""
    await computer.check_shell_command(junk)
    app = replace(APP, serve="exec python3 s.py", ready_seconds=1.0)
    with pytest.raises(NotServed, match="the server never answered within 1 s"):
        async with served(computer, app, WORKDIR, computer):
            raise AssertionError("it is not up")


async def test_server_that_ends(computer: DockerComputer) -> None:
    app = replace(APP, serve="echo hello; cd /no/such || exit 9")
    with pytest.raises(NotServed, match="the server ended before it answered") as caught:
        async with served(computer, app, WORKDIR, computer):
            raise AssertionError("it is not up")
    assert caught.value.log.startswith(b"hello\n")
    assert caught.value.log.endswith(b"(the server ended with exit code 9)\n")


async def test_server_that_ends_later(computer: DockerComputer) -> None:
    app = replace(APP, serve="python3 app.py & while [ ! -e stop ]; do sleep 0.05; done; kill $!")
    async with asyncio.timeout(30):
        async with served(computer, app, WORKDIR, computer) as server:
            assert not server.ended
            await computer.check_shell_command("touch stop")
            while not server.ended:
                await computer.check_shell_command("true")
            assert server.gone is None


async def test_server_that_prints_without_end(computer: DockerComputer) -> None:
    """Its log is bounded, and it lives on."""
    app = replace(APP, serve="yes long line of a log & exec python3 app.py")
    async with asyncio.timeout(60):
        async with served(computer, app, WORKDIR, computer) as server:
            size = b""
            while size != b"%d\n" % SERVER_LOG_BYTES:
                size = (await computer.check_shell_command(f"wc -c < {SERVER_LOG}")).output
            assert (await computer.check_shell_command(ASK)).text == "right\n"
            assert (await computer.check_shell_command(f"wc -c < {SERVER_LOG}")).output == size
            assert (await server.log()).count(b"long line of a log\n") > 50_000


async def test_log_that_was_there_before(computer: DockerComputer) -> None:
    await computer.check_shell_command(f"mkdir -p {SERVER_LOG}/deep; echo x > victim")
    async with served(computer, APP, WORKDIR, computer) as server:
        assert b"GET / HTTP/1.1" in await server.log()
    await computer.check_shell_command(f"rm {SERVER_LOG}; ln -s {WORKDIR}/victim {SERVER_LOG}")
    async with served(computer, APP, WORKDIR, computer):
        assert (await computer.check_shell_command("cat victim")).text == "x\n"


async def test_computer_that_goes(play: Play, computer: DockerComputer) -> None:
    async with asyncio.timeout(30):
        async with served(computer, APP, WORKDIR, computer) as server:
            play.provider.client.api.kill(computer.container)
            assert (await server.log()).startswith(b"(no log: ")
            while not server.ended:
                await asyncio.to_thread(play.left)
            assert isinstance(server.gone, ComputerGone)
    with pytest.raises(ComputerGone):
        async with served(computer, APP, WORKDIR, computer):
            raise AssertionError("it is not up")


async def test_server_that_kills_all(computer: DockerComputer) -> None:
    """Killed early, even what would have said that it ended: then the time is up."""
    app = replace(APP, serve="kill -9 -1; sleep 600", ready_seconds=5.0)
    with pytest.raises(NotServed, match=r"the server (ended|never answered)"):
        async with served(computer, app, WORKDIR, computer):
            raise AssertionError("it is not up")
