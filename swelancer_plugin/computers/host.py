"""What this machine is, as far as reaching or installing a container engine depends on it."""

from __future__ import annotations

import getpass
import os
import platform
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEBIAN_LIKE = frozenset({"debian", "ubuntu"})


@dataclass(frozen=True, slots=True)
class Host:
    """A machine's facts, read once; tests give their own."""

    environ: Mapping[str, str]
    home: Path
    uid: int
    user: str
    system: str = "Linux"
    """As `platform.system` says it: Linux, Darwin."""
    root_dir: Path = Path("/")
    """Where the file system starts."""

    @classmethod
    def current(cls) -> Host:
        """Return the facts of the machine that this runs on."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # a uid without a name, as containers have
            user = str(os.getuid())
        return cls(os.environ, Path.home(), os.getuid(), user, platform.system())

    @property
    def debian_like(self) -> bool:
        """Whether packages come by apt-get and are named as Debian names them."""
        return not DEBIAN_LIKE.isdisjoint(self._distribution())

    @property
    def may_install(self) -> bool:
        """Whether an engine may be installed or started here: root, Debian-like, not refused."""
        return self.uid == 0 and self.debian_like and not self.refuses_install

    @property
    def refuses_install(self) -> bool:
        """Whether the user has forbidden it with ``SWELANCER_INSTALL_ENGINE=0``."""
        value = self.environ.get("SWELANCER_INSTALL_ENGINE", "").strip().lower()
        return value in {"0", "false", "no", "off"}

    def _distribution(self) -> set[str]:
        if self.system != "Linux":
            return set()
        try:
            text = (self.root_dir / "etc/os-release").read_text(encoding="utf-8")
        except OSError:
            return set()
        fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        values = (fields.get(key, "").strip("\"' ") for key in ("ID", "ID_LIKE"))
        return {word for value in values for word in value.split()}


def advice(host: Host, *, chosen: bool, denied: bool) -> str:
    """Return the one thing to do on this machine when no engine answers.

    `chosen` says that the user named the address, so that no other was tried; `denied` that a
    socket is there and this user may not open it.
    """
    if chosen:
        return "start the engine at that address, or unset the variable that names it"
    if host.system == "Darwin":
        return "start Docker Desktop (open -a Docker), wait until it says running, and try again"
    if host.system != "Linux":
        return "set DOCKER_HOST to an engine that speaks Docker's API"
    if denied and host.uid != 0:
        return f"as root: usermod -aG docker {shlex.quote(host.user)}; then log out and in again"
    if host.may_install:
        return "run make setup (or: swelancer setup); it installs and starts one"
    if host.uid == 0 and host.debian_like:
        return (
            "unset SWELANCER_INSTALL_ENGINE and run make setup (or: swelancer setup), "
            "or install and start an engine yourself"
        )
    if host.debian_like:
        return (
            f"as root: apt-get install docker.io && usermod -aG docker {shlex.quote(host.user)}; "
            "then log out and in again"
        )
    return "install Docker Engine or Podman with your distribution's packages and start its socket"
