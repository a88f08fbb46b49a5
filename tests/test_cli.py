from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from swelancer_plugin import cli
from swelancer_plugin.computers.base_image import KEYRING
from swelancer_plugin.computers.doctor import Check
from swelancer_plugin.computers.host import Host
from swelancer_plugin.session.options import KEYS
from swelancer_plugin.settings import OPTIONS, resolve

ROOT = Path(__file__).parents[1]


def swelancer(
    *arguments: str, cwd: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "swelancer_plugin.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_setup_is_quick_and_short_the_second_time() -> None:
    swelancer("setup")
    start = time.monotonic()
    second = swelancer("setup")
    assert second.returncode == 0
    assert time.monotonic() - start < 5
    assert re.fullmatch(r"engine: \S+\nbase image: swelancer/base:bookworm\n", second.stdout)


def test_an_engine_that_is_named_and_not_there_is_an_error() -> None:
    for command in ("setup", "doctor"):
        result = swelancer(command, DOCKER_HOST="unix:///nowhere/docker.sock")
        assert (result.returncode, result.stdout) == (3, "")
        assert result.stderr == (
            f"swelancer {command}: no container engine answers. Tried:\n"
            "  unix:///nowhere/docker.sock (DOCKER_HOST): no such socket\n"
            "To do: start the engine at that address, or unset the variable that names it\n"
        )


def test_doctor_tells_people_and_programs_the_same() -> None:
    text, report = swelancer("doctor"), swelancer("doctor", "--json")
    assert (text.returncode, report.returncode) == (0, 0)
    assert text.stdout.endswith("\neverything that a sealed run needs is there\n")
    parsed = json.loads(report.stdout)
    assert parsed["ok"] is True
    for check in parsed["checks"]:
        assert check["name"] in text.stdout


def test_the_table_says_what_mends_a_check_that_failed() -> None:
    checks = [
        Check("a", True, "seen", "it matters", ""),
        Check("longer", False, "not seen", "it matters more", "do this"),
        Check("c", False, "not seen", "it may matter", "do that", needed=False),
    ]
    assert cli.table(checks).splitlines() == [
        "ok      a       seen (it matters)",
        "MISSING longer  not seen (it matters more)",
        "                To do: do this",
        "lacking c       not seen (it may matter)",
        "                To do: do that",
        "",
        "1 of what a sealed run needs is missing",
    ]


def test_dotenv_may_refuse_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SWELANCER_INSTALL_ENGINE", raising=False)
    assert not cli._host().refuses_install
    (tmp_path / ".env").write_text("SWELANCER_INSTALL_ENGINE=0\n")
    assert cli._host().refuses_install
    monkeypatch.setenv("SWELANCER_INSTALL_ENGINE", "1")
    assert not cli._host().refuses_install


def test_usage_errors_name_the_commands() -> None:
    result = swelancer("wash")
    assert result.returncode == 2
    assert "setup" in result.stderr
    assert "doctor" in result.stderr


def sample() -> dict[str, str]:
    """Every variable of sample.env, whether it is commented out or not."""
    lines = (ROOT / "sample.env").read_text().splitlines()
    matches = (re.fullmatch(r"(?:# )?([A-Z][A-Z_]+)=(.*)", line) for line in lines)
    return {match[1]: match[2] for match in matches if match}


def test_sample_env_documents_every_option_and_no_other() -> None:
    assert list(sample()) == [
        *KEYS,
        *(option.variable for option in OPTIONS),
        "SWELANCER_INSTALL_ENGINE",
    ]


def test_the_values_of_sample_env_are_usable_ones() -> None:
    resolved = resolve({}, {}, sample(), {})
    assert resolved.settings.model == "gpt-4o"
    assert len(resolved.sources) == len(OPTIONS)


NEEDS_DEBOOTSTRAP = pytest.mark.skipif(
    not (Host.current().may_install and shutil.which("debootstrap") and KEYRING.exists()),
    reason="needs root, Debian and debootstrap",
)


@pytest.mark.slow
@NEEDS_DEBOOTSTRAP
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing(tmp_path: Path, signum: int) -> None:
    """The real debootstrap, interrupted while it works: no directory, no mount, no process."""
    image = f"swelancer/interrupted:{uuid.uuid4().hex}"
    script = (
        "from swelancer_plugin import cli; from swelancer_plugin.computers import base_image\n"
        f"base_image.BASE_IMAGE = base_image.UPSTREAM_IMAGE = {image!r}\n"
        "raise SystemExit(cli.main(['setup']))"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("swelancer-base-*/root/debootstrap")):
            assert time.monotonic() < deadline
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.fail(f"setup ended by itself: {process.wait(timeout=0.05)}")
        process.send_signal(signum)
        _, said = process.communicate(timeout=30)
    assert process.returncode == cli.EXIT_INTERRUPTED
    assert said == b"swelancer setup: interrupted\n"
    assert list(tmp_path.glob("swelancer-base-*")) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    arguments = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert [line for line in arguments if os.fsencode(tmp_path) in line] == []


def test_certificates_are_printed_for_builds_by_hand(tmp_path: Path) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nword\n-----END CERTIFICATE-----\n"
    (tmp_path / "company.pem").write_text(f"# ours\n{pem}")
    result = swelancer("certificates", SWELANCER_CA_BUNDLE=str(tmp_path / "company.pem"))
    assert result.returncode == 0
    assert result.stdout.startswith(pem)
    assert swelancer("certificates", SWELANCER_CA_BUNDLE="/nowhere").returncode == 3
