"""The repository of an official list, supplied by the user: the tree before a task's fix.

Git is asked for objects alone, so nothing that a repository holds is run or followed: no hook, no
filter, no attribute, no link. Credentials of a URL reach git by its environment: they stand in no
command line, no message, and not in the cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote

from filelock import FileLock

from swelancer_plugin.datasets.errors import DatasetError

_GIT_SECONDS = 1800
"""Bound on one git command; a clone of a large repository takes minutes."""
_SETTINGS: Final = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
)
"""Whatever the host's configuration says: no hook, no command as a URL, nothing in background."""
# what would have git work on another repository, ask by a window, or allow ext after all
_NOT_INHERITED: Final = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    *("SSH_ASKPASS", "GIT_ALLOW_PROTOCOL"),
)
_USERINFO: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://|https?:/)"
    # a password may hold the slash that should have been escaped: then no port follows the colon
    r"(?P<userinfo>[^/?#\s]*|[^/?#\s:@\[\]]+:(?!\d*(?:[/?#\s]|$))\S*)@"
)
_OPTION: Final = Path("--repository")
_SHORT = 4
"""A password of fewer characters is not looked for outside of URLs: it could be any word."""
_LINK, _SUBMODULE = b"120000", b"160000"
_MODES: Final = {b"100644": 0o644, b"100664": 0o644, b"100755": 0o755}
_CHUNK: Final = 1 << 20


def without_credentials(repository: str) -> str:
    """Return a repository as it may be shown: URLs lose user and password, all else stays."""
    return _USERINFO.sub(lambda found: found["scheme"], repository)


def cache_folder() -> Path:
    """Return the folder of this user's checkouts; it may be deleted at any time."""
    return Path.home() / ".cache" / "swelancer" / "repositories"


def checkout(repository: str, commit: str | None, cache: Path | None = None) -> Path:
    """Return a directory with the repository's files, as they were before `commit`.

    `repository` is a path or a URL of a git repository, or a plain directory, which is taken as it
    is. With a commit (the fix), the tree of its parent is exported once into the cache, without
    history: later commits hold the answer. Without one, it is the latest tree that can be had.
    Links stay links. Raises DatasetError where it can't be had; no credentials are in its message.
    """
    path = _local(repository)
    if path is None and "://" not in repository and "@" not in repository:
        raise _Git(repository).error("neither a directory nor a URL")
    if path is not None and path.is_dir():
        if not (path / ".git").exists() and not (path / "HEAD").is_file():
            return path
        git = _Git(str(path))
    else:
        git = _Git(repository if path is None else str(path))
    revision = f"{commit}^" if commit else "HEAD"
    try:
        return _export(git, path, revision, cache or cache_folder())
    except OSError as error:
        raise git.error(git.scrubbed(str(error))) from None


def _local(repository: str) -> Path | None:
    """Return the path that is meant, if there is one."""
    if "://" in repository:
        return None
    try:
        path = Path(repository).expanduser()
        return path.resolve() if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # too long, a loop, nobody's home
        return None


def _export(git: _Git, path: Path | None, revision: str, cache: Path) -> Path:
    base = cache / hashlib.sha256(git.shown.encode()).hexdigest()[:16]
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{base}.lock"):
        if path is not None and path.is_dir():
            origin, tree = path, _tree(git, path, revision)
        else:
            origin = base.with_suffix(".git")
            tree = _tree_of_mirror(git, origin, revision)
        target = base / tree
        if not target.is_dir():
            _unpack(git, origin, tree, target)
    return target


def _tree(git: _Git, origin: Path, revision: str) -> str:
    return git.say(origin, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}")


def _tree_of_mirror(git: _Git, mirror: Path, revision: str) -> str:
    """Return a tree; the network is asked for what is new, or not there yet."""
    if not mirror.is_dir():
        _clone(git, mirror)
        return _tree(git, mirror, revision)
    if revision == "HEAD":
        with suppress(DatasetError):  # without a network, what is there has to do
            _refresh(git, mirror)
        return _tree(git, mirror, revision)
    try:
        return _tree(git, mirror, revision)
    except DatasetError:
        _refresh(git, mirror)
        return _tree(git, mirror, revision)


def _clone(git: _Git, mirror: Path) -> None:
    fresh = Path(tempfile.mkdtemp(dir=mirror.parent))
    arguments = ("--mirror", "--quiet", "--template=", "--", git.shown, str(fresh))
    try:
        git.say(mirror.parent, "clone", *arguments)
        fresh.rename(mirror)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _refresh(git: _Git, mirror: Path) -> None:
    git.say(mirror, "fetch", "--quiet", "--prune", "origin")
    said = git.say(mirror, "ls-remote", "--symref", "origin", "HEAD").split()
    if said[:1] == ["ref:"] and said[1].startswith("refs/heads/"):
        git.say(mirror, "symbolic-ref", "HEAD", said[1])
    elif said:
        git.say(mirror, "update-ref", "--no-deref", "HEAD", said[0])


def _unpack(git: _Git, origin: Path, tree: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        with (fresh / "listing").open("w+b") as listing, (fresh / "blobs").open("w+b") as blobs:
            git.run(origin, "ls-tree", "-r", "-z", "--full-tree", tree, output=listing)
            listing.seek(0)
            entries = [_entry(git, line) for line in listing.read().split(b"\0") if line]
            contents = [entry for entry in entries if entry.mode != _SUBMODULE]
            asked = b"".join(entry.object + b"\n" for entry in contents)
            git.run(origin, "cat-file", "--batch", given=asked, output=blobs)
            blobs.seek(0)
            _write(git, fresh / "files", entries, blobs)
        (fresh / "files").rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: bytes
    object: bytes
    path: bytes

    @property
    def folders(self) -> Iterator[bytes]:
        """Every directory that it needs, the outermost first."""
        names = self.path.split(b"/")
        end = len(names) + (self.mode == _SUBMODULE)
        return (b"/".join(names[:count]) for count in range(1, end))


def _entry(git: _Git, line: bytes) -> _Entry:
    about, path = line.split(b"\t", 1)
    mode, _, object_ = about.split(b" ")
    names = path.lower().split(b"/")
    if {b"", b".", b"..", b".git"} & set(names) or mode not in (*_MODES, _LINK, _SUBMODULE):
        raise git.error(f"no file of a repository: {line!r}")
    return _Entry(mode, object_, path)


def _write(git: _Git, root: Path, entries: list[_Entry], blobs: BinaryIO) -> None:
    """Write directories, then files, then links: so nothing is ever written through a link.

    Names that a tree holds twice end it, with a FileExistsError.
    """
    base = os.fsencode(root)
    for folder in [b"", *sorted({folder for entry in entries for folder in entry.folders})]:
        os.mkdir(os.path.join(base, folder))
        os.chmod(os.path.join(base, folder), 0o755)  # noqa: S103  # readable by any user inside
    links: dict[bytes, bytes] = {}
    for entry in entries:
        if entry.mode == _SUBMODULE:
            continue
        header = blobs.readline().split()
        if len(header) != 3 or header[1] != b"blob":
            raise git.error(f"no content of {entry.path!r}")
        path = os.path.join(base, entry.path)
        if entry.mode == _LINK:
            links[path] = blobs.read(int(header[2]))
        else:
            _copy(blobs, int(header[2]), path, _MODES[entry.mode])
        blobs.read(1)
    for path, destination in links.items():
        os.symlink(destination, path)


def _copy(blobs: BinaryIO, size: int, path: bytes, mode: int) -> None:
    with open(path, "xb") as file:
        while size:
            piece = blobs.read(min(size, _CHUNK))
            if not piece:
                raise OSError(f"the content of {path!r} ends too early")
            size -= len(piece)
            file.write(piece)
    os.chmod(path, mode)


def _end(process: subprocess.Popen[bytes]) -> int | None:
    """Wait for the end of a process, and of all it started where that has to be forced."""
    with process:
        try:
            return process.wait(_GIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


class _Git:
    """Git about one repository: it never asks anybody for anything, nor shows a credential."""

    def __init__(self, repository: str) -> None:
        self.repository = repository
        self.shown = without_credentials(repository)

    def say(self, folder: Path, *arguments: str) -> str:
        """Return what git prints. Raises DatasetError."""
        with tempfile.TemporaryFile() as output:
            self.run(folder, *arguments, output=output)
            output.seek(0)
            return output.read().decode(errors="replace").strip()

    def run(self, folder: Path, *arguments: str, output: BinaryIO, given: bytes = b"") -> None:
        """Run git, its output into a file. Raises DatasetError."""
        command = ["git", *_SETTINGS, "-C", str(folder), *arguments]
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as complaints:
            asked.write(given)
            asked.seek(0)
            process = subprocess.Popen(
                command,
                stdin=asked,
                stdout=output,
                stderr=complaints,
                env=self._environment(),
                start_new_session=True,  # without a terminal, at which ssh would ask
            )
            code = _end(process)
            complaints.seek(0)
            said = self.scrubbed(complaints.read().decode(errors="replace")).strip()
        if code is None:
            raise self.error(f"git {arguments[0]}: no end after {_GIT_SECONDS} s: {said[-400:]}")
        if code:
            raise self.error(f"git {arguments[0]}: {said[-400:]}")

    def error(self, reason: str) -> DatasetError:
        """Return an error about this repository."""
        return DatasetError(_OPTION, f"{self.shown}: {reason}")

    def scrubbed(self, text: str) -> str:
        """Return a text without the credentials of any URL, wherever they stand."""
        text = without_credentials(text)
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _secrets(self) -> set[str]:
        found = _USERINFO.search(self.repository)
        if found is None:
            return set()
        parts = {found["userinfo"], found["userinfo"].partition(":")[2]}
        return {each for part in parts for each in (part, unquote(part)) if len(each) >= _SHORT}

    def _environment(self) -> dict[str, str]:
        environment = {
            name: value for name, value in os.environ.items() if name not in _NOT_INHERITED
        }
        environment |= {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "SSH_ASKPASS_REQUIRE": "never",
            "GCM_INTERACTIVE": "never",
        }
        if self.shown != self.repository:
            count = environment.get("GIT_CONFIG_COUNT", "")
            number = int(count) if count.isdecimal() else 0
            environment |= {
                f"GIT_CONFIG_KEY_{number}": f"url.{self.repository}.insteadOf",
                f"GIT_CONFIG_VALUE_{number}": self.shown,
                "GIT_CONFIG_COUNT": str(number + 1),
            }
        return environment
