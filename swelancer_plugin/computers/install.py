"""Installing and starting a container engine, on Debian and Ubuntu as root, and nowhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from swelancer_plugin.computers.engine import EngineUnreachable, connect
from swelancer_plugin.computers.host import Host
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.steps import Steps

if TYPE_CHECKING:
    from docker import DockerClient

ENGINE_PACKAGES = ("docker.io", "iptables")
START_SECONDS = 60.0
"""How long a started engine may take until it answers."""
APT_SECONDS = 900.0
LOG_FILE = Path("/var/log/swelancer-dockerd.log")
_LOG_TAIL = 2000
_SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


def ensure_engine(host: Host, steps: Steps) -> DockerClient:
    """Return a client of a reachable engine, installing or starting one where that is allowed.

    Raises EngineError with what was tried and the one thing to do; never uses sudo, and never
    replaces an engine that the user named.
    """
    try:
        return connect(host)
    except EngineUnreachable as unreachable:
        if unreachable.chosen or not host.may_install:
            raise
    if any(find_program(name) is None for name in ("dockerd", "iptables")):
        steps.say(
            f"No container engine answers, so one is installed and started: "
            f"{' '.join(ENGINE_PACKAGES)}, with apt-get.\n"
            "To refuse: Ctrl-C now, or set SWELANCER_INSTALL_ENGINE=0."
        )
        apt_install(ENGINE_PACKAGES, steps)
    elif not _dockerd_pids():
        steps.say(
            "Docker is installed and not running, so it is started. "
            "To refuse: set SWELANCER_INSTALL_ENGINE=0."
        )
    return _start(host, steps)


def find_program(name: str) -> str | None:
    """Return the path of a program, also where a user's PATH leaves out the system's own."""
    return shutil.which(name, path=_SYSTEM_PATH)


def apt_install(packages: Sequence[str], steps: Steps) -> None:
    """Install Debian packages, reading fresh package lists only if the first try fails.

    Raises EngineError with the tail of what apt-get said.
    """
    names = " ".join(packages)
    with steps.step(f"apt-get install {names}") as step:
        if _apt("install", *packages).returncode == 0:
            return
        step.outcome = "not in the package lists as they are;"
    with steps.step("apt-get update"):
        _apt("update")
    with steps.step(f"apt-get install {names}"):
        second = _apt("install", *packages)
        if second.returncode != 0:
            raise EngineError(f"apt-get install {names} failed:\n{second.stdout[-_LOG_TAIL:]}")


def _apt(*arguments: str) -> subprocess.CompletedProcess[str]:
    options = ("-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300")
    command = ["apt-get", *options, *arguments]
    try:
        return subprocess.run(
            command,
            env=_system_environ(DEBIAN_FRONTEND="noninteractive"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=APT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{' '.join(command)} did not end in {APT_SECONDS:g} s") from error


def _system_environ(**more: str) -> Mapping[str, str]:
    return {**os.environ, "PATH": _SYSTEM_PATH, **more}


def _start(host: Host, steps: Steps) -> DockerClient:
    # A package's own script may have started the daemon, and a second one in the same network
    # namespace would take the first one's bridge away: so none is started while one runs.
    if _dockerd_pids():
        with steps.step("waiting for the running dockerd to answer"):
            return _wait(host, None)
    if Path("/run/systemd/system").is_dir():
        with steps.step("systemctl start docker"):
            subprocess.run(
                ["systemctl", "start", "docker"],
                capture_output=True,
                timeout=START_SECONDS,
                check=False,
            )
            return _wait(host, None)
    with steps.step(f"starting dockerd (log: {LOG_FILE})"):
        return _wait(host, _spawn_dockerd())


def _spawn_dockerd() -> subprocess.Popen[bytes]:
    with LOG_FILE.open("wb") as log:
        return subprocess.Popen(
            [find_program("dockerd") or "dockerd", "--log-level", "warn"],
            cwd="/",
            env=_system_environ(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it outlives this command, and a Ctrl-C here
        )


def _wait(host: Host, process: subprocess.Popen[bytes] | None) -> DockerClient:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return connect(host)
        except EngineUnreachable as error:
            ended = process is not None and process.poll() is not None
            if not ended and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            what = "ended" if ended else f"does not answer after {START_SECONDS:g} s"
            raise EngineError(f"dockerd {what}. {_hint(process)}") from error


def _hint(process: subprocess.Popen[bytes] | None) -> str:
    if process is None:
        return "Look at: journalctl -u docker, /var/log/docker.log"
    tail = LOG_FILE.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].rstrip()
    return f"The end of {LOG_FILE}:\n{tail}"


def _dockerd_pids() -> list[int]:
    names = ((entry, entry / "comm") for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [int(entry.name) for entry, comm in names if _read(comm) == "dockerd"]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:  # the process ended meanwhile
        return ""
