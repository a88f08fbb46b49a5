"""Probing what the seal needs of an engine, by doing it: nothing is believed that can be tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from swelancer_plugin.computers.base_image import BASE_IMAGE, base_image_id
from swelancer_plugin.computers.engine import address
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.probes import (
    MEBIBYTE,
    close_stream,
    ends_within,
    exit_code,
    probe_container,
    read_file,
    remove_leftovers,
    wait_until,
)

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

MIN_FREE_BYTES = 2 * 1024**3
_FILLED = 256 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried."""

    name: str
    ok: bool
    found: str
    """What was seen."""
    meaning: str
    """What depends on it."""
    fix: str
    needed: bool = True
    """False for what is told and decides nothing."""


# One script reports what a hardened container looks like from inside, a line per fact. It writes
# to /srv: root without capabilities may not write to the top directory of every engine.
_REPORT = r"""
set -u; exec 3>&1 > /srv/report
echo "interfaces $(ls /sys/class/net | tr '\n' ' ')"
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr ':\t' '  '
echo "cpus $(cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null | head -1)"
echo "free $(df -Pk / | tail -1 | tr -s ' ' | cut -d' ' -f4)"
echo "clock $(date +%s)"
mkdir /srv/probe && echo new > /srv/probe/new && rm -f /etc/issue; echo ready >&3
exec sleep 30
"""
# Fills 256 MB at most, so that a machine without limits is not harmed by the question.
_FILL = f"test $(head -c {_FILLED} /dev/zero | tail -c {_FILLED} | wc -c) -eq {_FILLED}"
_FORK = "sh -c 'i=0; while [ $i -lt 64 ]; do sleep 3 & i=$((i+1)); done' 2>/dev/null"


def examine(client: DockerClient) -> list[Check]:
    """Return every check of the engine. Its containers are gone when this returns."""
    checks = list(_engine_checks(client))
    if base_image_id(client) is None:
        missing = f"no image {BASE_IMAGE}"
        return [*checks, Check("base image", False, missing, _BASE, "run swelancer setup")]
    checks.append(Check("base image", True, BASE_IMAGE, _BASE, ""))
    remove_leftovers(client)
    for name, needed, probe in _PROBES:
        checks.extend(_guarded(name, needed, probe, client))
        if not checks[-1].ok and checks[-1].name == _FIRST:
            break
    return checks


_BASE = "containers of tasks start from it"
_UPDATE = "use Docker Engine 20.10 or newer, or another engine"
_FROZEN = "a submission is read while nothing in its container can move"


def healthy(checks: list[Check]) -> bool:
    """Tell whether everything that is needed is there."""
    return all(check.ok for check in checks if check.needed)


def _guarded(name: str, needed: bool, probe: Probe, client: DockerClient) -> list[Check]:
    """Run a probe; an engine that refuses it lacks it, which is an answer, not a crash."""
    from docker.errors import APIError, DockerException

    found: list[Check] = []
    try:
        found.extend(probe(client))
    except (DockerException, EngineError, OSError) as error:
        text = error.explanation if isinstance(error, APIError) else None
        reason = " ".join(str(text or error).split())[-300:]
        fix = "mend what the engine says; its own log has more"
        meaning = "it could not be tried"
        found.append(Check(name, False, reason, meaning, fix, needed))
    return found


def _engine_checks(client: DockerClient) -> Iterator[Check]:
    version, info = client.version(), client.info()
    api = str(version.get("ApiVersion", "0"))
    recent = tuple(int(part) for part in api.split(".")) >= (1, 40)
    parts = [str(part.get("Name")) for part in version.get("Components") or []]
    name = "Podman" if any("Podman" in part for part in parts) else "Docker"
    found = f"{name} {version.get('Version')}, API {api}, {address(client)}"
    yield Check("engine", recent, found, "API 1.40 or newer is spoken", _UPDATE)
    kernel = f"{info.get('KernelVersion')}, cgroup v{info.get('CgroupVersion', '1')}"
    yield Check("kernel", True, kernel, "limits are kept by cgroups, v1 or v2", "", needed=False)
    driver = str(info.get("Driver"))
    quick = driver not in {"vfs", "devicemapper"}
    meaning = "starting a container copies nothing"
    yield Check("storage", quick, driver, meaning, "use overlay2: vfs copies images", needed=False)


def _hardened(client: DockerClient) -> Iterator[Check]:
    started = time.time()
    with probe_container(client, _REPORT) as container:
        wait_until(lambda: _ready(container), "the report of the container")
        reported = time.time()
        container.pause()
        container.reload()
        frozen, report = container.status == "paused", read_file(container, "/srv/report")
        content = read_file(container, "/srv/probe/new").strip()
        changed = {change["Path"]: change["Kind"] for change in container.diff() or []}
    lines = (line.split(" ", 1) for line in report.splitlines() if " " in line)
    facts = {key: value.strip() for key, value in lines}
    yield from _isolation_checks(facts)
    yield from _resource_checks(facts)
    yield _clock_check(_number(facts, "clock"), started, reported)
    said = "paused, a file read from outside" if frozen and content == "new" else "not paused"
    yield Check("freeze", frozen and content == "new", said, _FROZEN, _UPDATE)
    listed = changed.get("/srv/probe/new") == 1 and 2 in changed.values()
    said = f"{len(changed)} paths, additions and deletions" if listed else f"saw {changed}"
    yield Check("changes", listed, said, "the engine says what an agent changed", _UPDATE)


def _ready(container: Container) -> bool:
    # Asked of the log: only of a frozen container is it needed, and tried, that files be read.
    container.reload()  # before the log is read: an end that is seen has said all it had to say
    said = container.logs(tail=5).decode("utf-8", errors="replace").strip()
    if container.status == "exited":
        raise EngineError(f"the container ended by itself: {said}")
    return said.endswith("ready")


def _isolation_checks(facts: dict[str, str]) -> Iterator[Check]:
    interfaces = facts.get("interfaces", "unknown")
    alone = interfaces == "lo"
    yield Check(
        "no network", alone, f"interfaces: {interfaces}", "an agent reaches nothing", _UPDATE
    )
    sets = {facts.get(name, "unknown") for name in ("CapEff", "CapBnd")}
    bare = all(value.strip("0") == "" for value in sets)
    said = "none" if bare else ", ".join(sorted(sets))
    yield Check("no capabilities", bare, said, "root inside is not root outside", _UPDATE)
    locked = facts.get("NoNewPrivs") == "1"
    said = "set" if locked else "not set"
    yield Check("no new privileges", locked, said, "setuid programs give none", _UPDATE)
    filtered = facts.get("Seccomp") == "2"
    fix = "start the engine with its default seccomp profile"
    said = "a filter" if filtered else "no filter"
    yield Check("system calls", filtered, said, "rare system calls are refused", fix)


def _resource_checks(facts: dict[str, str]) -> Iterator[Check]:
    quota = facts.get("cpus", "")
    bounded = quota[:1].isdigit()
    fix = "delegate the cpu controller (rootless engines need cgroup v2 and systemd)"
    said = "one processor" if bounded else f"none ({quota or 'unknown'})"
    yield Check("processor limit", bounded, said, "one task can't starve others", fix)
    free = _number(facts, "free") * 1024
    said = f"{free / 1024**3:.1f} GiB free"
    fix = "free space where the engine keeps its data"
    yield Check("disk", free >= MIN_FREE_BYTES, said, "images and submissions fit", fix)


def _clock_check(clock: int, earliest: float, latest: float) -> Check:
    """Compare the container's time with the span of ours in which it was read (seconds)."""
    drift = max(earliest - 1 - clock, clock - latest, 0.0)
    said = f"{drift:.0f} s from this machine's"
    meaning = "times of both sides compare"
    return Check("clock", drift < 60, said, meaning, "set the engine's clock", needed=False)


def _number(facts: dict[str, str], name: str) -> int:
    text = facts.get(name, "")
    return int(text) if text.isdigit() else 0


def _memory(client: DockerClient) -> Iterator[Check]:
    with probe_container(client, _FILL, mem_limit=64 * MEBIBYTE) as container:
        kept = exit_code(container) != 0
    said = "256 MB did not fit in 64 MB" if kept else "256 MB fit in 64 MB"
    fix = "delegate the memory controller to the engine"
    yield Check("memory limit", kept, said, "one task can't take the machine's memory", fix)


def _pids(client: DockerClient) -> Iterator[Check]:
    with probe_container(client, _FORK, pids_limit=16) as container:
        kept = exit_code(container) != 0
    said = "64 processes did not fit in 16" if kept else "64 processes fit in 16"
    fix = "delegate the pids controller to the engine"
    yield Check("process limit", kept, said, "a fork bomb stays inside", fix)


def _client_bound(client: DockerClient) -> Iterator[Check]:
    """Open a container's stdin, start it, close the stream, and see whether it notices."""
    with probe_container(client, "cat", stdin_open=True, start=False) as container:
        stream = container.attach_socket(params={"stdin": 1, "stream": 1})
        container.start()
        close_stream(stream)
        ended = ends_within(container, 10.0)
    said = "it ended with its client" if ended else "it outlived its client"
    meaning = "a killed run leaves no container that works on"
    yield Check("client's end", ended, said, meaning, "leftovers need removing", needed=False)


def _user_namespaces(client: DockerClient) -> Iterator[Check]:
    from swelancer_plugin.computers.judge import SECCOMP_PROFILE

    script = "unshare --user --map-root-user true"
    options = ["no-new-privileges", f"seccomp={SECCOMP_PROFILE.read_text()}"]
    with probe_container(client, script, security_opt=options, user="1000:1000") as container:
        allowed = exit_code(container) == 0
    said = "allowed to an ordinary user" if allowed else "denied"
    fix = "sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000"
    meaning = "the judge's browser has a sandbox of its own"
    yield Check("user namespaces", allowed, said, meaning, fix)


Probe: TypeAlias = "Callable[[DockerClient], Iterator[Check]]"
_FIRST: Final = "hardened container"
_PROBES: Final[tuple[tuple[str, bool, Probe], ...]] = (
    (_FIRST, True, _hardened),
    ("memory limit", True, _memory),
    ("process limit", True, _pids),
    ("client's end", False, _client_bound),
    ("user namespaces", True, _user_namespaces),
)
