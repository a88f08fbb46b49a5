"""The command ``swelancer``: what is done beside a run of pytest, on this machine's engine."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from swelancer_plugin import __version__
from swelancer_plugin.computers.host import Host
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.datasets.errors import DatasetError

if TYPE_CHECKING:
    from docker import DockerClient

    from swelancer_plugin.computers.doctor import Check

TASK_FILE = "task.toml"
EXIT_MISSING = 1
"""The engine answers and lacks something that is needed."""
EXIT_ENGINE = 3
"""No engine answers, or something could not be installed or built."""
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    host = _host()
    try:
        if arguments.command == "doctor":
            return _doctor(host, as_json=arguments.json)
        if arguments.command == "shell":
            return _shell(arguments.task, arguments.port)
        return _certificates() if arguments.command == "certificates" else _setup(host)
    except (EngineError, DatasetError) as error:
        print(f"swelancer {arguments.command}: {error}", file=sys.stderr)
        return EXIT_ENGINE
    except KeyboardInterrupt:
        print(f"swelancer {arguments.command}: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="swelancer", description="Prepare and examine the container engine of SWE-Lancer runs."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "setup",
        help="make an engine and the base image available",
        description=(
            "Make an engine and the base image available. As root on Debian or Ubuntu, where no "
            "engine answers, one is installed and started; SWELANCER_INSTALL_ENGINE=0 refuses."
        ),
    )
    commands.add_parser(
        "certificates",
        help="print what this machine trusts beside the public authorities",
        description=(
            "Print, as PEM, the certificates that builds use while they are online: those given to "
            "this machine's tools, and those of SWELANCER_CA_BUNDLE, SSL_CERT_FILE, "
            "REQUESTS_CA_BUNDLE and NODE_EXTRA_CA_CERTS."
        ),
    )
    shell = commands.add_parser(
        "shell",
        help="serve a task's app, for a person to try the bug",
        description=(
            "Serve an ic_swe task's app as an agent finds it, with a desktop (noVNC) on a loopback "
            "port and a shell in the app's container. Nothing stays when you leave."
        ),
    )
    shell.add_argument("task", type=Path, help="the task's directory, such as tasks/164")
    shell.add_argument("--port", type=int, default=6080, help="of the desktop; 0 takes a free one")
    doctor = commands.add_parser(
        "doctor",
        help="try everything that a sealed run needs",
        description="Try all that a sealed run needs of the engine, and name what is missing.",
    )
    doctor.add_argument("--json", action="store_true", help="print the checks as JSON")
    return parser


def _interrupt(signum: int, frame: object) -> None:
    """End as on Ctrl-C, so that what was begun is cleaned up."""
    raise KeyboardInterrupt


def _host() -> Host:
    """Return this machine, with what ``.env`` says about installing where the shell does not."""
    name = "SWELANCER_INSTALL_ENGINE"
    host = Host.current()
    if name in os.environ or not Path(".env").is_file():
        return host
    from dotenv import dotenv_values

    said = dotenv_values(".env").get(name)
    return replace(host, environ={**os.environ, name: said}) if said else host


def _setup(host: Host) -> int:
    from swelancer_plugin.computers.base_image import BASE_IMAGE, ensure_base_image
    from swelancer_plugin.computers.engine import address
    from swelancer_plugin.computers.install import ensure_engine
    from swelancer_plugin.computers.steps import Steps

    steps = Steps()
    client = ensure_engine(host, steps)
    try:
        steps.say(f"engine: {address(client)}")
        ensure_base_image(client, host, steps)
        steps.say(f"base image: {BASE_IMAGE}")
    finally:
        client.close()
    return 0


def _certificates() -> int:
    from swelancer_plugin.computers.online import certificates

    sys.stdout.write(certificates(os.environ).decode("ascii"))
    return 0


def _shell(task: Path, port: int) -> int:
    import asyncio

    from swelancer_plugin.computers.engine import connect
    from swelancer_plugin.grading.desk import open_desk

    if not (task / TASK_FILE).is_file():
        raise EngineError(f"there is no {task / TASK_FILE}; name the directory of a task")
    client = connect()
    try:
        asyncio.run(open_desk(client, task / TASK_FILE, port))
    finally:
        client.close()
    return 0


def _doctor(host: Host, *, as_json: bool) -> int:
    from swelancer_plugin.computers.doctor import examine, healthy
    from swelancer_plugin.computers.engine import connect

    client: DockerClient = connect(host)
    try:
        checks = examine(client)
    finally:
        client.close()
    ok = healthy(checks)
    if as_json:
        report = {"ok": ok, "checks": [dataclasses.asdict(check) for check in checks]}
        print(json.dumps(report, indent=2))
    else:
        print(table(checks))
    return 0 if ok else EXIT_MISSING


def table(checks: Sequence[Check]) -> str:
    """Return the checks as text for a terminal, each that failed with what mends it."""
    lines: list[str] = []
    width = max(len(check.name) for check in checks)
    for check in checks:
        state = "ok" if check.ok else "MISSING" if check.needed else "lacking"
        lines.append(f"{state:8}{check.name:{width}}  {check.found} ({check.meaning})")
        if not check.ok:
            lines.append(f"{'':8}{'':{width}}  To do: {check.fix}")
    missing = sum(not check.ok for check in checks if check.needed)
    lines.append("")
    lines.append(
        f"{missing} of what a sealed run needs is missing"
        if missing
        else "everything that a sealed run needs is there"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
