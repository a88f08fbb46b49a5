from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from swelancer_plugin.computers import engine
from swelancer_plugin.computers.engine import EngineUnreachable, address, candidates, connect
from swelancer_plugin.computers.host import Host, advice
from swelancer_plugin.computers.install import ensure_engine
from swelancer_plugin.computers.steps import Steps
from tests.computers import engine_stand_in


@pytest.fixture
def host() -> Iterator[Host]:
    """A Debian with an empty file system; its path is short, since sockets' paths must be."""
    with TemporaryDirectory(prefix="h") as directory:
        root = Path(directory)
        (root / "etc").mkdir()
        (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
        yield Host({}, root / "home", 0, "root", "Linux", root)


def with_context(host: Host, name: str, url: str, *, current: bool = True) -> Host:
    config = host.home / ".docker"
    meta = config / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": url}}}))
    (config / "config.json").write_text(json.dumps({"currentContext": name} if current else {}))
    return host


def refusal(host: Host) -> EngineUnreachable:
    with pytest.raises(EngineUnreachable) as caught:
        connect(host)
    return caught.value


def test_the_default_socket_is_found(host: Host) -> None:
    with engine_stand_in.engine(host.root_dir / "var/run/docker.sock") as path:
        client = connect(host)
        assert address(client) == f"unix://{path}"
        assert client.version()["Version"] == "99.0"
        client.close()


@pytest.mark.parametrize(
    ("origin", "path"),
    [
        ("Docker Desktop", "home/.docker/run/docker.sock"),
        ("rootless Docker", "user/docker.sock"),
        ("rootless Podman", "user/podman/podman.sock"),
        ("Podman", "run/podman/podman.sock"),
    ],
)
def test_other_engines_sockets_are_found(host: Host, origin: str, path: str) -> None:
    host = replace(host, environ={"XDG_RUNTIME_DIR": str(host.root_dir / "user")})
    with engine_stand_in.engine(host.root_dir / path) as served:
        client = connect(host)
        assert address(client) == f"unix://{served}"
        client.close()
    assert origin in [candidate.origin for candidate in candidates(host)]


def test_the_current_context_comes_before_the_default_socket(host: Host) -> None:
    with_context(host, "mine", f"unix://{host.root_dir}/mine.sock")
    with (
        engine_stand_in.engine(host.root_dir / "var/run/docker.sock"),
        engine_stand_in.engine(host.root_dir / "mine.sock") as mine,
    ):
        client = connect(host)
        assert address(client) == f"unix://{mine}"
        client.close()


def test_a_dead_current_context_falls_back_to_the_default_socket(host: Host) -> None:
    with_context(host, "mine", f"unix://{host.root_dir}/gone.sock")
    with engine_stand_in.engine(host.root_dir / "var/run/docker.sock") as path:
        client = connect(host)
        assert address(client) == f"unix://{path}"
        client.close()


def test_a_context_named_for_this_command_is_the_only_candidate(host: Host) -> None:
    with_context(host, "mine", f"unix://{host.root_dir}/gone.sock", current=False)
    host = replace(host, environ={"DOCKER_CONTEXT": "mine"})
    with engine_stand_in.engine(host.root_dir / "var/run/docker.sock"):
        message = str(refusal(host))
    assert message.count("gone.sock (DOCKER_CONTEXT 'mine'): no such socket") == 1
    assert "Docker's default socket" not in message


def test_a_context_that_does_not_exist_is_said(host: Host) -> None:
    host = replace(host, environ={"DOCKER_CONTEXT": "typo"})
    assert "(no such context) (DOCKER_CONTEXT 'typo')" in str(refusal(host))


def test_an_unreachable_docker_host_is_an_error_and_nothing_else_is_tried(host: Host) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    host = replace(host, environ={"DOCKER_HOST": url})
    with engine_stand_in.engine(host.root_dir / "var/run/docker.sock"):
        error = refusal(host)
    assert error.chosen
    assert str(error) == (
        f"no container engine answers. Tried:\n  {url} (DOCKER_HOST): nothing listens there\n"
        "To do: start the engine at that address, or unset the variable that names it"
    )


@pytest.mark.parametrize("url", ["nonsense://x", "unix://", "tcp://127.0.0.1", "::", "tcp://[::1"])
def test_a_malformed_docker_host_is_the_same_error(host: Host, url: str) -> None:
    assert f"{url} (DOCKER_HOST): " in str(refusal(replace(host, environ={"DOCKER_HOST": url})))


def test_docker_host_reaches_an_engine_and_certificates_are_looked_for(host: Host) -> None:
    with engine_stand_in.engine(host.root_dir / "other.sock") as path:
        client = connect(replace(host, environ={"DOCKER_HOST": f"unix://{path}"}))
        client.close()
    secure = {"DOCKER_HOST": "tcp://engine:2376", "DOCKER_TLS_VERIFY": "1"}
    (candidate,) = candidates(replace(host, environ=secure))
    assert candidate.tls_dir == host.home / ".docker"
    assert candidate.verify


def test_each_candidate_is_listed_with_its_reason(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PROBE_SECONDS", 1.0)
    runtime = host.root_dir / "user"
    host = replace(host, environ={"XDG_RUNTIME_DIR": str(runtime)})
    dead = host.root_dir / "var/run/docker.sock"
    dead.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(dead))
    with (
        engine_stand_in.engine(runtime / "docker.sock", b"<html>hello</html>"),
        engine_stand_in.engine(runtime / "podman/podman.sock", silent=True),
    ):
        lines = str(refusal(host)).splitlines()
    assert lines[1].endswith("docker.sock (Docker's default socket): nothing listens there")
    assert lines[2].endswith("docker.sock (Docker Desktop): no such socket")
    assert "docker.sock (rootless Docker): not an engine: " in lines[3]
    assert lines[4].endswith("podman.sock (rootless Podman): no answer in 1 s")
    assert lines[5].endswith("podman.sock (Podman): no such socket")
    assert lines[6] == "To do: run make setup (or: swelancer setup); it installs and starts one"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_user_outside_the_docker_group_is_told_so(host: Host) -> None:
    """As user nobody, in a process of its own; the engine's socket is root's."""
    path = host.root_dir / "var/run/docker.sock"
    script = (
        "import os, sys; from pathlib import Path\n"
        "from swelancer_plugin.computers.engine import *\n"
        "import docker, requests\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: connect(Host({}, Path('/none'), os.getuid(), 'nobody', 'Linux', Path(sys.argv[1])))\n"
        "except EngineError as error: print(error)"
    )
    host.root_dir.chmod(0o755)
    with engine_stand_in.engine(path):
        path.chmod(0o660)
        command = [sys.executable, "-c", script, str(host.root_dir)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"unix://{path} (Docker's default socket): permission denied" in said
    assert "To do: as root: usermod -aG docker nobody; then log out and in again" in said


def test_the_pool_serves_many_threads_at_once(host: Host) -> None:
    with engine_stand_in.engine(host.root_dir / "var/run/docker.sock"):
        client = connect(host)
        with ThreadPoolExecutor(32) as pool:
            versions = list(pool.map(lambda _: client.version()["Version"], range(128)))
        client.close()
    assert set(versions) == {"99.0"}


def test_finding_an_engine_is_light_to_import() -> None:
    script = (
        "import sys; import swelancer_plugin.computers.engine, swelancer_plugin.cli\n"
        "print([m for m in ('docker', 'requests', 'filelock', 'dotenv') if m in sys.modules])"
    )
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("change", "chosen", "denied", "said"),
    [
        ({"system": "Darwin", "uid": 501}, False, False, "start Docker Desktop (open -a Docker)"),
        ({"system": "Windows"}, False, False, "set DOCKER_HOST to an engine"),
        ({"uid": 0}, False, False, "run make setup (or: swelancer setup)"),
        ({"uid": 0}, True, False, "start the engine at that address"),
        ({"uid": 7, "user": "ann"}, False, True, "usermod -aG docker ann;"),
        ({"uid": 7, "user": "ann"}, False, False, "apt-get install docker.io && usermod"),
        ({"environ": {"SWELANCER_INSTALL_ENGINE": "0"}}, False, False, "unset SWELANCER_INSTALL"),
        ({"root_dir": Path("/nowhere"), "uid": 7}, False, False, "your distribution's packages"),
        ({"root_dir": Path("/nowhere")}, False, False, "your distribution's packages"),
    ],
)
def test_the_advice_is_one_thing_for_the_platform(
    host: Host, change: dict[str, object], chosen: bool, denied: bool, said: str
) -> None:
    text = advice(replace(host, **change), chosen=chosen, denied=denied)  # type: ignore[arg-type]
    assert said in text
    assert "sudo" not in text


def test_a_derivative_of_debian_is_known_by_its_family(host: Host) -> None:
    release = host.root_dir / "etc/os-release"
    release.write_text('ID=linuxmint\nID_LIKE="ubuntu debian"\n')
    assert host.may_install
    release.write_text('ID="fedora"\nID_LIKE="rhel"\n')
    assert not host.may_install


@pytest.mark.parametrize(
    "change",
    [
        {"environ": {"SWELANCER_INSTALL_ENGINE": "0"}},
        {"environ": {"DOCKER_HOST": "unix:///nowhere.sock"}},
        {"uid": 1000},
        {"system": "Darwin"},
        {"root_dir": Path("/nowhere")},
    ],
    ids=["refused", "engine named", "not root", "macOS", "no Debian"],
)
def test_nothing_is_installed_where_that_is_not_wanted(
    host: Host,
    change: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("subprocess.Popen", None)  # whoever starts a program fails the test
    with pytest.raises(EngineUnreachable):
        ensure_engine(replace(host, **change), Steps())  # type: ignore[arg-type]
    assert capsys.readouterr().out == ""
