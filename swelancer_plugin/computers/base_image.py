"""The base image: a small Debian, pulled where a registry answers, else made by debootstrap."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from swelancer_plugin.computers.engine import address
from swelancer_plugin.computers.host import Host
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.locks import lock
from swelancer_plugin.computers.steps import Steps

if TYPE_CHECKING:
    from docker import DockerClient

BASE_IMAGE = "swelancer/base:bookworm"
UPSTREAM_IMAGE = "debian:bookworm-slim"
SUITE = "bookworm"
PULL_SILENCE_SECONDS = 20.0
"""How long a registry may be silent before it counts as unreachable."""
BOOTSTRAP_SECONDS = 1200.0
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# What a running system keeps and an image does not need; /dev, /proc and /sys are the engine's.
_LEFT_OUT = (
    *("./dev/*", "./proc/*", "./sys/*", "./run/*", "./tmp/*"),
    *(
        "./var/cache/apt/*.bin",
        "./var/cache/apt/*.deb",
        "./var/lib/apt/lists/*_*",
        "./var/log/*.log",
    ),
    *("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/info/*", "./usr/share/locale/*"),
)


class PullError(Exception):
    """The upstream image can't be had from a registry; the text says why."""


def base_image_id(client: DockerClient) -> str | None:
    """Return the id of the base image, None where it has not been made."""
    from docker.errors import ImageNotFound

    try:
        return str(client.images.get(BASE_IMAGE).id)
    except ImageNotFound:
        return None


def ensure_base_image(client: DockerClient, host: Host, steps: Steps) -> str:
    """Return the id of the base image, made first if need be, once however many ask.

    Raises EngineError when it can be neither pulled nor built, with both reasons.
    """
    if found := base_image_id(client):
        return found
    with lock(f"{BASE_IMAGE} of {address(client)}", BOOTSTRAP_SECONDS):
        if found := base_image_id(client):
            return found
        if why_not := _pull(client, steps):
            _build(client, host, steps, why_not)
    if made := base_image_id(client):
        return made
    raise EngineError(f"{BASE_IMAGE} was made, and the engine does not know it")


def _pull(client: DockerClient, steps: Steps) -> str:
    """Take the upstream image from the engine or a registry; return why it can't be had, or ''."""
    from docker.errors import ImageNotFound

    try:
        upstream = client.images.get(UPSTREAM_IMAGE)
    except ImageNotFound:
        with steps.step(f"pulling {UPSTREAM_IMAGE}") as step:
            try:
                _download(client)
            except PullError as error:
                step.outcome = f"can't be had: {error};"
                return str(error)
        upstream = client.images.get(UPSTREAM_IMAGE)
    repository, tag = BASE_IMAGE.split(":")
    upstream.tag(repository, tag)
    return ""


def _download(client: DockerClient) -> None:
    """Pull as the engine's API does it; the client's own method waits without a bound."""
    from docker.errors import APIError
    from requests import RequestException

    name, tag = UPSTREAM_IMAGE.split(":")
    api = client.api
    try:
        with api.post(
            f"{api.base_url}/v{api.api_version}/images/create",
            params={"fromImage": name, "tag": tag},
            stream=True,
            timeout=PULL_SILENCE_SECONDS,
        ) as response:
            if not response.ok:
                raise PullError(_message(response.content))
            for line in response.iter_lines():
                if error := json.loads(line).get("error"):
                    raise PullError(error)
    except (APIError, RequestException) as error:
        raise PullError(f"no answer in {PULL_SILENCE_SECONDS:g} s: {error}") from error


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", errors="replace")[:300]


def _build(client: DockerClient, host: Host, steps: Steps, why_not_pulled: str) -> None:
    from swelancer_plugin.computers.install import apt_install, find_program

    missing = [] if find_program("debootstrap") else ["debootstrap"]
    missing += [] if KEYRING.exists() else ["debian-archive-keyring"]
    if not (host.uid == 0 and host.debian_like) or (missing and not host.may_install):
        raise EngineError(
            f"the base image {BASE_IMAGE} can't be made: {UPSTREAM_IMAGE} can't be pulled "
            f"({why_not_pulled}), and debootstrap needs root on Debian or Ubuntu.\n"
            f"To do: bring the image here (docker save and docker load), then: "
            f"docker tag {UPSTREAM_IMAGE} {BASE_IMAGE}"
        )
    if missing:
        apt_install(missing, steps)
    with tempfile.TemporaryDirectory(prefix="swelancer-base-") as directory:
        tree = Path(directory) / "root"
        with steps.step(f"debootstrap {SUITE} (about half a minute)"):
            _debootstrap(client, tree, why_not_pulled)
        with steps.step(f"importing {BASE_IMAGE}"):
            _import(client, tree)


def _debootstrap(client: DockerClient, tree: Path, why_not_pulled: str) -> None:
    # Namespaces of its own: when it ends, however it ends, no process and no mount is left that
    # the removal of its directory could run into.
    command = [
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
        *("debootstrap", "--variant=minbase", f"--arch={client.version()['Arch']}"),
        *(f"--keyring={KEYRING}", "--force-check-gpg", SUITE, str(tree)),
        *_configured_mirror(),
    ]
    environ = {**_proxy_environ(), "TMPDIR": str(tree.parent)}  # it leaves a directory there
    log = tree.parent / "log"
    with log.open("wb") as output, _own_session(command, output, environ) as process:
        try:
            code = process.wait(BOOTSTRAP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"debootstrap did not end in {BOOTSTRAP_SECONDS:g} s") from error
    if code != 0:
        tail = log.read_text(encoding="utf-8", errors="replace")[-2000:].rstrip()
        raise EngineError(
            f"the base image {BASE_IMAGE} can be had in neither way. Pulling {UPSTREAM_IMAGE}: "
            f"{why_not_pulled}\ndebootstrap, exit code {code}:\n{tail}"
        )


@contextlib.contextmanager
def _own_session(
    command: list[str], output: IO[bytes], environ: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command out of reach of this terminal's Ctrl-C, and kill what is left of it."""
    process = subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _configured_mirror() -> list[str]:
    """Return the mirror that this machine's apt uses for the suite, if it is a Debian."""
    fields = "$(REPO_URI) $(CODENAME) $(COMPONENT)"
    listing = _output("apt-get", "indextargets", "--format", fields, "Created-By: Packages")
    for uri, codename, component in (line.split() for line in listing.splitlines()):
        if (codename, component) == (SUITE, "main") and uri.startswith(("http:", "https:")):
            return [uri]
    return []


def _proxy_environ() -> dict[str, str]:
    """Return the environment with the proxies that apt is configured to use."""
    environ = {**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"}
    for scheme in ("http", "https"):
        setting = _output("apt-config", "shell", "proxy", f"Acquire::{scheme}::Proxy").strip()
        if setting and not setting.endswith("'DIRECT'"):
            environ.setdefault(f"{scheme}_proxy", setting.removeprefix("proxy=").strip("'"))
    return environ


def _output(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return result.stdout if result.returncode == 0 else ""


def _import(client: DockerClient, tree: Path) -> None:
    repository, tag = BASE_IMAGE.split(":")
    answer = client.api.import_image_from_stream(
        _tar(tree), repository=repository, tag=tag, changes=['CMD ["bash"]']
    )
    if '"error"' in str(answer):
        raise EngineError(f"the engine refused the base image: {str(answer)[-500:]}")


def _tar(tree: Path) -> Iterator[bytes]:
    """Yield the tree as a tar file; raises before the end if tar fails, so that none is cut."""
    excluded = [f"--exclude={pattern}" for pattern in _LEFT_OUT]
    command = ["tar", "-C", str(tree), "--numeric-owner", *excluded, "-c", "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while chunk := process.stdout.read(1 << 20):
            yield chunk
    if process.returncode != 0:
        raise EngineError(f"tar failed with exit code {process.returncode} on {tree}")
