"""Images with a task's repository in place, each built once and named after what is in it.

The image's recipe is `RECIPE`; the files ``Dockerfile`` and ``Dockerfile_x86`` beside the project
carry the same text for people who build by hand (a test compares them), since an installed
package has no such files beside it.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import tarfile
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swelancer_plugin.computers.base_image import BASE_IMAGE, base_image_id
from swelancer_plugin.computers.engine import address
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.locks import lock
from swelancer_plugin.datasets.checkout import without_credentials
from swelancer_plugin.datasets.errors import DatasetError
from swelancer_plugin.datasets.tree import Entry, source_entries, tree_digest
from swelancer_plugin.task import Repository

if TYPE_CHECKING:
    from docker import DockerClient

RECIPE: Final = """\
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE} AS packages
ARG PACKAGES="esbuild git nodejs python3"
RUN if [ -n "${PACKAGES}" ]; then \\
        export DEBIAN_FRONTEND=noninteractive && \\
        apt-get update -q && \\
        apt-get install -y -q --no-install-recommends ${PACKAGES} && \\
        apt-get clean && rm -rf /var/lib/apt/lists/*; \\
    fi

FROM packages
ARG WORKDIR=/app/evenly
ARG SOURCE=tasks/evenly/source
WORKDIR ${WORKDIR}
COPY ${SOURCE}/ ${WORKDIR}/
RUN if command -v git >/dev/null; then \\
        export GIT_AUTHOR_DATE=2025-01-01T00:00:00Z GIT_COMMITTER_DATE=2025-01-01T00:00:00Z && \\
        git config --system --add safe.directory '*' && \\
        git config --system user.name SWE-Lancer && \\
        git config --system user.email swelancer@example.invalid && \\
        git init -q -b main && git add -A && \\
        git commit -q --allow-empty -m 'The repository as it was handed out'; \\
    fi
"""
JUDGE_RECIPE: Final = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY relay.py /opt/swelancer/relay.py
"""
JUDGE_PACKAGES: Final = ("python3", "python3-pytest", "python3-requests")
BUILD_SECONDS: Final = 1200.0
"""How long one process waits for another that builds the same image."""
_RELAY: Final = Path(__file__).with_name("relay.py")
# One fixed time for every file, so that equal trees make equal layers (2025-01-01).
_MTIME: Final = 1735689600
# The engine takes these without a word in the recipe, and keeps them out of the image's history.
_PROXIES: Final = ("http_proxy", "https_proxy", "no_proxy")

_built: dict[tuple[str, Repository | None], str] = {}
_building = threading.Lock()


def repository_image(client: DockerClient, repository: Repository) -> str:
    """Return the image of a task's repository, built first if this engine does not have it.

    Its packages lie in an image of their own below, which all that need the same ones share. Where
    git is among them, the files are committed: one commit, no other history. Without a source and
    packages it is the base image (the computer makes the working directory). The first call in a
    process reads the source; later ones cost nothing, so a source that changes while a process
    runs is not seen. Raises EngineError, naming the step of a failed build.
    """
    return _once(client, repository, lambda: _repository_image(client, repository))


def judge_image(client: DockerClient) -> str:
    """Return the image of judges: Python, pytest, requests and the relay's script.

    The script is ``/opt/swelancer/relay.py``. Raises EngineError.
    """
    return _once(client, None, lambda: _judge_image(client))


def image_tag(repository: Repository, source: Path, base_id: str) -> str:
    """Return the image's name: the digest of its base, packages, working directory and files."""
    about = (RECIPE, base_id, repository.workdir, *_sorted(repository.packages))
    digest = tree_digest(source, *(text.encode() for text in about))
    name = re.sub(r"[^a-z0-9]+", "-", repository.name.lower()).strip("-") or "repository"
    return f"swelancer/{name}:{digest[:16]}"


def _once(client: DockerClient, repository: Repository | None, make: Callable[[], str]) -> str:
    key = (address(client), repository)
    with _building:
        if key not in _built:
            try:
                _built[key] = make()
            except DatasetError as error:
                raise EngineError(str(error)) from error
        return _built[key]


def _repository_image(client: DockerClient, repository: Repository) -> str:
    source = repository.source
    if source is None:
        return _with_packages(client, repository.packages) if repository.packages else BASE_IMAGE
    tag = image_tag(repository, source, _base_id(client))

    def build() -> None:
        base = _with_packages(client, repository.packages)
        arguments = {
            **{"BASE_IMAGE": base, "PACKAGES": ""},
            **{"WORKDIR": repository.workdir, "SOURCE": "source"},
        }
        labels = {"swelancer.repository": repository.name}
        _build(client, tag, RECIPE, arguments, source=source, labels=labels)

    return _ensure(client, tag, build)


def _with_packages(client: DockerClient, packages: tuple[str, ...]) -> str:
    """Return the base image with Debian packages; the one build that has a network."""
    if not packages:
        return BASE_IMAGE
    words = " ".join(_sorted(packages))
    tag = f"swelancer/packages:{_digest(RECIPE, _base_id(client), words)}"
    arguments = {"BASE_IMAGE": BASE_IMAGE, "PACKAGES": words}
    for name in _PROXIES:
        for proxy in (name, name.upper()):
            if value := os.environ.get(proxy):
                arguments[proxy] = value
    return _ensure(
        client, tag, lambda: _build(client, tag, RECIPE, arguments, target="packages", network=True)
    )


def _judge_image(client: DockerClient) -> str:
    relay = _RELAY.read_bytes()
    about = (RECIPE, JUDGE_RECIPE, _base_id(client), *JUDGE_PACKAGES, relay.decode())
    tag = f"swelancer/judge:{_digest(*about)}"

    def build() -> None:
        arguments = {"BASE_IMAGE": _with_packages(client, JUDGE_PACKAGES)}
        _build(client, tag, JUDGE_RECIPE, arguments, files={"relay.py": relay})

    return _ensure(client, tag, build)


def _sorted(packages: tuple[str, ...]) -> list[str]:
    return sorted(set(packages))


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _base_id(client: DockerClient) -> str:
    base_id = base_image_id(client)
    if base_id is None:
        raise EngineError(f"the engine has no image {BASE_IMAGE}. To do: run swelancer setup")
    return base_id


def _ensure(client: DockerClient, tag: str, build: Callable[[], None]) -> str:
    from docker.errors import DockerException, ImageNotFound

    with lock(f"{tag} of {address(client)}", BUILD_SECONDS):
        try:
            client.images.get(tag)
        except ImageNotFound:
            try:
                build()
            except (DockerException, OSError) as error:
                raise EngineError(f"building {tag} failed: {error}") from error
    return tag


def _build(
    client: DockerClient,
    tag: str,
    recipe: str,
    arguments: dict[str, str],
    *,
    source: Path | None = None,
    files: dict[str, bytes] | None = None,
    labels: dict[str, str] | None = None,
    target: str = "",
    network: bool = False,
) -> None:
    """Build by the engine's own builder, from a context that holds `files` and `source`."""
    with tempfile.TemporaryFile(prefix="swelancer-context-") as context:
        with tarfile.open(fileobj=context, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, content in {"Dockerfile": recipe.encode(), **(files or {})}.items():
                _add_file(tar, name, content)
            if source is not None:
                _add_source(tar, source)
        context.seek(0)
        lines: list[str] = []
        failed = False
        for event in client.api.build(
            fileobj=context,
            custom_context=True,
            tag=tag,
            target=target,
            buildargs=arguments,
            labels=labels or {},
            network_mode="host" if network else "none",
            rm=True,
            forcerm=True,
            decode=True,
        ):
            lines.append(str(event.get("stream") or event.get("error") or ""))
            failed = failed or "error" in event
    if failed:
        raise EngineError(_failed_build(tag, lines))


def _failed_build(tag: str, lines: list[str]) -> str:
    steps = [line.strip() for line in lines if line.startswith("Step ")]
    tail = without_credentials("".join(lines))[-2000:].rstrip()  # a proxy may have a password
    return f"building {tag} failed at {steps[-1] if steps else 'the start'}:\n{tail}"


def _add_file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(content), _MTIME
    tar.addfile(info, io.BytesIO(content))


def _add_source(tar: tarfile.TarFile, source: Path) -> None:
    root = tarfile.TarInfo("source")
    root.type, root.mode, root.mtime = tarfile.DIRTYPE, 0o755, _MTIME
    tar.addfile(root)
    for entry in source_entries(source):
        _add_entry(tar, entry)


def _add_entry(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(f"source/{entry.name}")
    info.mode, info.mtime = stat.S_IMODE(entry.mode), _MTIME
    if stat.S_ISLNK(entry.mode):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(entry.path)
        tar.addfile(info)
    elif stat.S_ISDIR(entry.mode):
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    else:
        with entry.path.open("rb") as file:
            info.size = os.fstat(file.fileno()).st_size
            tar.addfile(info, file)
