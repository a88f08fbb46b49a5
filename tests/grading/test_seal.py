"""What a submitted app could try on its judge, and on the harness, in real containers."""

from __future__ import annotations

import asyncio
import json
import textwrap
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from swelancer_plugin.computers.docker import DockerComputer
from swelancer_plugin.grading.serving import served
from swelancer_plugin.outcome import Outcome
from tests.grading.conftest import APP, PORT, PRICE_CENTS, SERVER, WORKDIR, Play

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]
SECRET = "c0ffee-hidden-from-the-app"
JUDGE_PORT, JUDGE_DISPLAY = 9999, 6099
PATIENCE = 120.0
# What a judge with a browser would have in its own namespaces: ports, an abstract socket, files.
LISTEN = f"""
import os, socket, time
held = [socket.create_server(("", {JUDGE_PORT})), socket.create_server(("", {JUDGE_DISPLAY}))]
for name in ("\\0/tmp/.X11-unix/X99", "/judge/socket"):
    held.append(socket.socket(socket.AF_UNIX))
    held[-1].bind(name)
    held[-1].listen()
open("/dev/shm/secret", "w").write("{SECRET}")
open("/judge/listening", "w").close()
time.sleep(600)
"""
# Run in the app's container. It prints what it found, as JSON.
ATTACK = f"""
import ctypes, json, os, socket, subprocess

def tries(family, address):
    with socket.socket(family) as one:
        one.settimeout(2)
        try:
            one.connect(address)
        except OSError:
            return False
        return True

def lines(path):
    with open(path, errors="replace") as file:
        return file.read().splitlines()

found = {{}}
listening = {{
    int(line.split()[1].rpartition(":")[2], 16)
    for table in ("tcp", "tcp6") if os.path.exists("/proc/net/" + table)
    for line in lines("/proc/net/" + table)[1:]
}}
usual = {{22, 80, 443, 2375, 2376, 3000, 5000, 5900, 9222, {JUDGE_PORT}, *range(6000, 6100)}}
found["ports"] = sorted(
    port for port in listening | usual | set(range(8000, 8200))
    if tries(socket.AF_INET, ("127.0.0.1", port))
)
hosts = ["127.0.0.2", "172.17.0.1", "172.17.0.2", "169.254.169.254", "10.0.2.2"]
found["hosts"] = [
    (host, port) for host in hosts for port in ({JUDGE_PORT}, 2375, 80)
    if tries(socket.AF_INET, (host, port))
]
names = {{" ".join(line.split()[7:]) for line in lines("/proc/net/unix")[1:]}} - {{""}}
names |= {{"@/tmp/.X11-unix/X99", "/judge/socket", "/relay/app.sock", "/var/run/docker.sock"}}
names |= {{"/run/docker.sock", "/run/containerd/containerd.sock"}}
found["sockets"] = [
    name for name in names
    if tries(socket.AF_UNIX, "\\0" + name[1:] if name.startswith("@") else name)
]
found["interfaces"] = [line.split(":")[0].strip() for line in lines("/proc/net/dev")[2:]]
found["routes"] = lines("/proc/net/route")[1:]
walk = "find / ( -path /proc -o -path /sys ) -prune -o"
walk += " ( -name test_hidden* -o -name app.sock -o -path /judge/* -o -path /relay ) -print"
found["files"] = subprocess.run(walk.split(), capture_output=True, text=True).stdout.split()
processes = [pid for pid in os.listdir("/proc") if pid.isdigit()]
told = ""
for pid in processes:
    for name in ("cmdline", "environ", "mounts", "maps"):
        try:
            told += open(f"/proc/{{pid}}/{{name}}", errors="replace").read()
        except OSError:
            pass
found["told"] = [
    word for word in ({SECRET[:6]!r} + {SECRET[6:]!r}, "pytest", "/opt/swelancer/rel" + "ay.py",
    "/relay", "OPENAI_API_KEY") if word in told
]
found["shared memory"] = os.listdir("/dev/shm") + lines("/proc/sysvipc/shm")[1:]
libc = ctypes.CDLL(None, use_errno=True)
found["mounted"] = libc.mount(b"none", b"/mnt", b"tmpfs", 0, None) == 0
found["entered"] = libc.unshare(0x10000000) == 0
try:
    with open("/etc/hosts", "a") as file:
        file.write("127.0.0.1 written-by-the-app\\n")
except PermissionError:  # in the judge, where nobody is root
    pass
print(json.dumps(found))
"""


@dataclass
class Sealed:
    """A served app and its judge, who has something to hide."""

    app: DockerComputer
    judge: DockerComputer


@pytest_asyncio.fixture(loop_scope="function")
async def sealed(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Sealed]:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    files = {"app.py": SERVER, "answer.txt": "right", "attack.py": ATTACK, "listen.py": LISTEN}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    app = await play.provider.start(play.app_spec())
    try:
        for name in ("app.py", "answer.txt", "attack.py"):
            await app.upload(str(tmp_path / name), f"{WORKDIR}/{name}")
        judge = await play.provider.start_judge(app, play.judge_spec())
        try:
            await judge.upload(str(tmp_path / "listen.py"), "/judge/tests/test_hidden.py")
            await judge.check_shell_command(
                f"TOKEN={SECRET} setsid python3 /judge/tests/test_hidden.py >/judge/log 2>&1 &"
                "for n in $(seq 200); do [ -e /judge/listening ] && exit; sleep 0.05; done; exit 1"
            )
            async with served(app, APP, WORKDIR, judge):
                yield Sealed(app, judge)
        finally:
            await judge.cleanup()
    finally:
        await app.cleanup()
        assert play.left() == []


async def attacked(computer: DockerComputer, script: str) -> dict[str, Any]:
    said = await computer.check_shell_command(f"python3 {script}", timeout=PATIENCE)
    found: dict[str, Any] = json.loads(said.output)
    return found


async def test_nothing_of_the_judge_can_be_reached_from_the_app(sealed: Sealed) -> None:
    found = await attacked(sealed.app, "attack.py")
    assert found == {
        "ports": [PORT],
        "hosts": [],
        "sockets": [],
        "interfaces": ["lo"],
        "routes": [],
        "files": [],
        "told": [],
        "shared memory": [],
        "mounted": False,
        "entered": False,
    }
    hosts = (await sealed.judge.check_shell_command("cat /etc/hosts")).text
    assert "written-by-the-app" not in hosts
    ask = "import requests; print(requests.get('http://127.0.0.1:8080', timeout=20).text)"
    assert (await sealed.judge.check_shell_command(f'python3 -c "{ask}"')).text == "right\n"


async def test_the_attack_would_find_what_is_there(sealed: Sealed, tmp_path: Path) -> None:
    """From within the judge the same attack reaches it: so it is the seal that keeps it out."""
    await sealed.judge.upload(str(tmp_path / "attack.py"), "/judge/attack.py")
    found = await attacked(sealed.judge, "attack.py")
    assert {PORT, JUDGE_PORT, JUDGE_DISPLAY} <= set(found["ports"])
    assert {"@/tmp/.X11-unix/X99", "/judge/socket", "/relay/app.sock"} <= set(found["sockets"])
    assert {"/judge/tests/test_hidden.py", "/relay"} <= set(found["files"])
    assert SECRET in found["told"]
    assert found["shared memory"] == ["secret"]
    assert not found["mounted"]


async def test_the_judge_cannot_write_to_the_relays_volume(sealed: Sealed) -> None:
    result = await sealed.judge.send_shell_command("touch /relay/x; rm -f /relay/app.sock")
    assert result.text.count("Read-only file system") == 2


WRONG = {"answer.txt": "wrong"}
LISTENING = f"""
import socket
listener = socket.create_server(("127.0.0.1", {PORT}), backlog=100)
while True:
    connection, _ = listener.accept()
    try:
        connection.recv(65536)
        serve(connection)
    except OSError:
        pass
    connection.close()
"""


def answering(body: str) -> dict[str, str]:
    """An app that answers every connection by `body`, which knows `send`."""
    function = "def serve(connection):\n    send = connection.sendall\n"
    return {"app.py": function + textwrap.indent(textwrap.dedent(body), "    ") + LISTENING}


def beside(body: str) -> dict[str, str]:
    """The tiny app, which answers wrongly, and does something else at the same time."""
    parts = ["import os, subprocess, sys, threading", "def attack():"]
    parts += [textwrap.indent(textwrap.dedent(body), "    ")]
    parts += ["threading.Thread(target=attack, daemon=True).start()", "serve()"]
    return {**WRONG, "app.py": SERVER.split("if __name__")[0] + "\n".join(parts)}


ENDLESS_BODY = r"""
send(b"HTTP/1.1 200 OK\r\n\r\n")
while True:
    send(b"right" * 10000)
"""
ENDLESS_HEADERS = r"""
send(b"HTTP/1.1 200 OK\r\n")
while True:
    send(b"X-More: and more\r\n")
"""
SLOW_HEADERS = r"""
import time
send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
while True:
    send(b"x")
    time.sleep(0.1)
"""
JUNK = r"""
import os
send(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
send(os.urandom(100000))
"""
REDIRECTS = r"""
send(b"HTTP/1.1 302 Found\r\nLocation: file:///judge/tests/test_hidden.py\r\n\r\n")
"""
REPORTED = r"""
body = b']]></failure></testcase><testcase name="x"/> \x1b[2J\x00\xed\xa0\x80 "&<!DOCTYPE a>'
send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body)
"""
CRIES_ON_STREAMS = """
for target in ("/proc/1/fd/1", "/proc/1/fd/2"):
    subprocess.Popen(f"yes 'x 1 0' > {target}", shell=True)
"""
FORGES_NOTICES = """
with open("/proc/1/fd/2", "wb", buffering=0) as notices:
    for number in range(1, 200):
        notices.write(b"x %d 0\\nd %d 0 0\\nk %d 0\\nq %d\\n" % ((number,) * 4))
"""
SQUATS_PORTS = f"""
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
held = []
for port in range(1, 65536):
    if port != {PORT}:
        one = socket.socket()
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            continue
        held.append(one)
threading.Event().wait()
"""
ATTACKS: dict[str, dict[str, str]] = {
    "endless body": answering(ENDLESS_BODY),
    "endless headers": answering(ENDLESS_HEADERS),
    "slow headers": answering(SLOW_HEADERS),
    "junk": answering(JUNK),
    "redirects to files": answering(REDIRECTS),
    "forges a report": answering(REPORTED),
    "closes": answering("return"),
    "answers once": answering("send(b'HTTP/1.1 200 OK\\r\\n\\r\\n'); raise SystemExit"),
    "squats ports": beside(SQUATS_PORTS),
    "kills all": beside("os.kill(-1, 9)"),
    "kills all when built": {**WRONG, "build.sh": "kill -9 -1"},
    "stops all": beside("os.kill(-1, 19)"),
    "fills processes": beside("while True: subprocess.Popen(['sleep', '600'])"),
    "fills memory": beside("held = [bytearray(2**20) for _ in range(2**20)]"),
    "fills /tmp": beside("open('/tmp/full', 'wb').write(bytes(150 * 2**20))"),
    "fills scratch": beside("subprocess.run('cat /dev/zero > /run/swelancer/full', shell=True)"),
    "cries on the channel": beside(CRIES_ON_STREAMS),
    "forges notices": beside(FORGES_NOTICES),
    "forges the end of its build": {
        **WRONG,
        "build.sh": 'for n in 1 2 3 4 5 6 7 8 9; do echo "x $n 0" > /proc/1/fd/2; done; exit 1',
    },
    "takes the frames": {**WRONG, "build.sh": "cat /proc/1/fd/0"},
    "prints without end": beside("while True: print('x' * 4096)"),
    "tests of its own": {
        **WRONG,
        "test_hidden.py": "def test_up(): pass\ndef test_answer(): pass\n",
        "conftest.py": "import os\nos._exit(0)\n",
        "sitecustomize.py": "import sys\nsys.exit(0)\n",
        "pytest.ini": "[pytest]\naddopts = --collect-only\n",
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-k nothing'\n",
        "tests/__init__.py": "",
        "tests/test_hidden.py": "def test_answer(): pass\n",
    },
}

OUTCOMES = {
    "endless body": Outcome.LIMIT,
    "endless headers": Outcome.UNEARNED,
    "slow headers": Outcome.LIMIT,
    "junk": Outcome.UNEARNED,
    "redirects to files": Outcome.UNEARNED,
    "forges a report": Outcome.UNEARNED,
    "closes": Outcome.BROKEN_BUILD,
    "kills all when built": Outcome.BROKEN_BUILD,
    "takes the frames": Outcome.BROKEN_BUILD,
    "tests of its own": Outcome.UNEARNED,
}
"""Of those where no race decides which step the app breaks at."""


@pytest.mark.parametrize("attack", ATTACKS)
async def test_what_does_not_pass_earns_nothing(play: Play, attack: str) -> None:
    """In bounded time, whatever it does, and nothing stays (which `play` looks at)."""
    play.serve(ready_seconds=5.0, build_seconds=5.0)
    play.test_seconds = 10.0
    async with asyncio.timeout(PATIENCE):
        grade = await play.submit(ATTACKS[attack])
    assert grade.earned_cents == 0
    assert grade.outcome in (Outcome.UNEARNED, Outcome.BROKEN_BUILD, Outcome.LIMIT)
    assert grade.outcome is OUTCOMES.get(attack, grade.outcome)
    assert grade.reason.isprintable()
    assert all(len(text) <= 1000 and text.isprintable() for text in grade.details.values())
    assert all(len(content) <= 8 * 1024**2 for content in play.kept.values())


async def test_what_passes_earns_whatever_else_is_submitted(play: Play) -> None:
    """Another start script, other tools, tests of its own: just a submission."""
    earlier = {key: ATTACKS["tests of its own"][key] for key in ("conftest.py", "pytest.ini")}
    grade = await play.submit(
        {
            **earlier,
            "app.py": "import os\nos.execv('/bin/sh', ['sh', 'start.sh'])\n",
            "start.sh": "PATH=$PWD/bin:$PATH exec python3 -u server.py",
            "server.py": SERVER,
            "bin/python": "#!/bin/sh\necho not this one",
            "package.json": '{"scripts": {"start": "exit 1"}}',
            "test_hidden.py": "def test_answer(): assert False\n",
        }
    )
    assert (grade.outcome, grade.earned_cents) == (Outcome.EARNED, PRICE_CENTS)


async def test_forging_earns_what_the_work_is_worth(play: Play) -> None:
    """An app that is right, and noisy on the channel: it can only lose by it."""
    grade = await play.submit({**beside(FORGES_NOTICES), "answer.txt": "right"})
    assert grade.outcome in (Outcome.EARNED, Outcome.BROKEN_BUILD)
    assert grade.earned_cents in (0, PRICE_CENTS)
