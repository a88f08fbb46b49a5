"""The Dockerfiles, built with buildx as people do; where buildx is not installed, not tried."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from swelancer_plugin.computers.engine import connect
from tests.computers.test_images import run

ROOT = Path(__file__).parents[2]


def _has_buildx() -> bool:
    try:
        command = ["docker", "buildx", "version"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _has_buildx(), reason="docker buildx is not installed"),
]


@contextmanager
def built(dockerfile: str, *options: str) -> Iterator[str]:
    tag = f"test-{uuid4().hex[:12]}"
    command = ["docker", "buildx", "build", "-f", dockerfile, *options, "-t", tag, "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    client = connect()
    try:
        yield tag
    finally:
        client.api.remove_image(tag)
        client.close()


@contextmanager
def ssh_agent(folder: Path) -> Iterator[str]:
    """Start an agent without keys; it ends with its command."""
    path = str(folder / "agent")
    with subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        agent.stdout.readline()  # it says where it listens once it does
        try:
            yield path
        finally:
            agent.terminate()


@pytest.mark.parametrize("agent", [False, True])
@pytest.mark.parametrize(
    ("dockerfile", "options"), [("Dockerfile", ()), ("Dockerfile_x86", ("--platform=linux/amd64",))]
)
def test_the_bundled_repository(
    dockerfile: str, options: tuple[str, ...], agent: bool, tmp_path: Path
) -> None:
    client = connect()
    script = "pwd; git log --oneline | wc -l; git status --short; test -f package.json; ls -A /tmp"
    if agent:
        with (
            ssh_agent(tmp_path) as path,
            built(dockerfile, *options, f"--ssh=default={path}") as tag,
        ):
            assert run(client, tag, script) == "/app/evenly\n1\n"
    else:
        with built(dockerfile, *options) as tag:
            assert run(client, tag, script) == "/app/evenly\n1\n"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URL of a repository of two commits, and the first one's id."""
    work = tmp_path / "upstream"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", "-C", str(work)]
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    for text in ("one", "two"):
        (work / "file").write_text(text)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", text], check=True)
    first = subprocess.check_output([*git, "rev-parse", "HEAD~1"], text=True).strip()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        *("git", "daemon", "--verbose", "--export-all", "--listen=127.0.0.1", f"--port={port}"),
        f"--base-path={tmp_path}",
    ]
    environ = {**os.environ, "LC_ALL": "C"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environ, text=True) as daemon:
        assert daemon.stderr is not None
        assert "Ready to rumble" in daemon.stderr.readline()
        yield f"git://127.0.0.1:{port}/upstream", first
        daemon.terminate()


def test_another_repository_at_a_commit(served: tuple[str, str]) -> None:
    url, commit = served
    arguments = {
        **{"REPOSITORY_URL": url, "COMMIT": commit, "WORKDIR": "/app/other"},
        **{"PACKAGES": "git", "LOCK": "", "INSTALL": ""},
    }
    options = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    with built("Dockerfile", "--network=host", *options) as tag:
        script = "pwd; cat file; git log --oneline | wc -l; ls -A"
        assert run(connect(), tag, script).split() == ["/app/other", "one1", ".git", "file"]
