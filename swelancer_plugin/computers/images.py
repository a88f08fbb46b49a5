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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from swelancer_plugin.computers.base_image import BASE_IMAGE, base_image_id
from swelancer_plugin.computers.engine import address
from swelancer_plugin.computers.interface import EngineError
from swelancer_plugin.computers.locks import lock
from swelancer_plugin.task import Repository

if TYPE_CHECKING:
    from docker import DockerClient

RECIPE = """\
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
ARG WORKDIR=/app/evenly
ARG SOURCE=tasks/evenly/source
WORKDIR ${WORKDIR}
COPY ${SOURCE}/ ${WORKDIR}/
"""
LEFT_OUT = frozenset({".git", "node_modules", "__pycache__"})
"""Names that never enter an image, at any depth."""
BUILD_SECONDS = 600.0
"""How long one process waits for another that builds the same image."""
# One fixed time for every file, so that equal trees make equal layers (2025-01-01).
_MTIME = 1735689600

_built: dict[tuple[str, Repository], str] = {}
_building = threading.Lock()


def repository_image(client: DockerClient, repository: Repository) -> str:
    """Return the image of a task's repository, built first if this engine does not have it.

    Without a source it is the base image (the computer makes the working directory). The first
    call in a process reads the source; later ones cost nothing, so a source that changes while
    a process runs is not seen. Raises EngineError, naming the step of a failed build.
    """
    if repository.source is None:
        return BASE_IMAGE
    key = (address(client), repository)
    with _building:
        if key not in _built:
            _built[key] = _ensure(client, repository, repository.source)
        return _built[key]


def image_tag(repository: Repository, source: Path, base_id: str) -> str:
    """Return the image's name: the digest of its base, its working directory and its files."""
    digest = hashlib.sha256()
    for text in (RECIPE, base_id, repository.workdir):
        _add(digest, text.encode())
    for entry in source_entries(source):
        _add(digest, f"{entry.mode:o} {entry.name}".encode("utf-8", "surrogateescape"))
        _add(digest, entry.digest())
    name = re.sub(r"[^a-z0-9]+", "-", repository.name.lower()).strip("-") or "repository"
    return f"swelancer/{name}:{digest.hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, link or directory of a source tree."""

    name: str
    """Relative to the source, with slashes."""
    path: Path
    mode: int
    """File type and permissions, the latter as git keeps them: executable or not."""

    def digest(self) -> bytes:
        """Return what tells its content from another's."""
        if stat.S_ISLNK(self.mode):
            return os.fsencode(os.readlink(self.path))
        if stat.S_ISDIR(self.mode):
            return b""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()


def source_entries(source: Path) -> Iterator[Entry]:
    """Yield what enters the image, in a fixed order. Raises EngineError for what can't."""
    if not source.is_dir():
        raise EngineError(f"the repository {source} is no directory")
    for directory, names, files in os.walk(source):
        names[:] = sorted(set(names) - LEFT_OUT)
        for name in sorted({*names, *files} - LEFT_OUT):
            path = Path(directory, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                mode = stat.S_IFREG | (0o755 if mode & 0o100 else 0o644)
            elif stat.S_ISDIR(mode):
                mode = stat.S_IFDIR | 0o755
            elif stat.S_ISLNK(mode):
                mode = stat.S_IFLNK | 0o777
            else:
                raise EngineError(f"{path} is no file, link or directory; an image can't hold it")
            yield Entry(path.relative_to(source).as_posix(), path, mode)


def _add(digest: hashlib._Hash, part: bytes) -> None:
    digest.update(len(part).to_bytes(8))  # so that no two lists of parts read alike
    digest.update(part)


def _ensure(client: DockerClient, repository: Repository, source: Path) -> str:
    from docker.errors import DockerException, ImageNotFound

    base_id = base_image_id(client)
    if base_id is None:
        raise EngineError(f"the engine has no image {BASE_IMAGE}. To do: run swelancer setup")
    tag = image_tag(repository, source, base_id)
    with lock(f"{tag} of {address(client)}", BUILD_SECONDS):
        try:
            client.images.get(tag)
        except ImageNotFound:
            try:
                _build(client, repository, source, tag)
            except (DockerException, OSError) as error:
                raise EngineError(f"building {tag} failed: {error}") from error
    return tag


def _build(client: DockerClient, repository: Repository, source: Path, tag: str) -> None:
    with tempfile.TemporaryFile(prefix="swelancer-context-") as context:
        _write_context(context, source)
        context.seek(0)
        lines: list[str] = []
        failed = False
        for event in client.api.build(
            fileobj=context,
            custom_context=True,
            tag=tag,
            buildargs={
                "BASE_IMAGE": BASE_IMAGE,
                "WORKDIR": repository.workdir,
                "SOURCE": "source",
            },
            labels={"swelancer.repository": repository.name},
            network_mode="none",
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
    tail = "".join(lines)[-2000:].rstrip()
    return f"building {tag} failed at {steps[-1] if steps else 'the start'}:\n{tail}"


def _write_context(file: IO[bytes], source: Path) -> None:
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        recipe = tarfile.TarInfo("Dockerfile")
        recipe.size = len(RECIPE.encode())
        tar.addfile(recipe, io.BytesIO(RECIPE.encode()))
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
