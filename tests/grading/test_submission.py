"""Taking a submission out of computers; those that can't be frozen answer for themselves."""

from __future__ import annotations

import asyncio
import io
import tarfile
import uuid
from collections.abc import Iterator
from dataclasses import replace

import docker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.computers.docker import DockerComputer, DockerProvider
from swelancer_plugin.computers.engine import connect
from swelancer_plugin.computers.images import repository_image
from swelancer_plugin.computers.interface import (
    Changes,
    CommandResult,
    ComputerGone,
    ComputerInterface,
    ComputerSpec,
    TreeFile,
)
from swelancer_plugin.computers.local import LocalComputer, LocalProvider
from swelancer_plugin.datasets.tree import source_entries
from swelancer_plugin.grading.submission import (
    NEVER_SUBMITTED,
    Ending,
    Submission,
    canonical,
    take_changes,
    take_decision,
    to_archive,
)
from swelancer_plugin.outcome import Outcome
from swelancer_plugin.task import App, Brief, Proposal, Repository
from tests.computers.conftest import a_spec
from tests.grading.liars import Says

SPEC = ComputerSpec(Repository("x", "/app/x"), None, "/app/x")


def brief_at(workdir: str) -> Brief:
    return Brief("1", "swe_manager", "t", "d", 100, workdir, (Proposal(1, "a"),))


def taken_after(command: str) -> Submission:
    """Run a command in a real computer, then take the decision out of it."""

    async def take() -> Submission:
        computer = await LocalProvider().start(SPEC)
        try:
            await computer.check_shell_command(f"cd {computer.workdir} && {command}")
            return await take_decision(brief_at(computer.workdir), computer, Ending())
        finally:
            await computer.cleanup()

    return asyncio.run(take())


@pytest.mark.parametrize(
    ("command", "decision", "problem"),
    [
        ("printf '{}' > manager_decisions.json", b"{}", ""),
        (r"printf '\377' > manager_decisions.json", b"\xff", ""),
        ("true", None, "no decision file"),
        ("mkdir manager_decisions.json", None, "is a directory"),
        ("ln -s /etc/passwd manager_decisions.json", None, "is a link"),
        ("ln -s nowhere manager_decisions.json", None, "is a link"),
        ("mkfifo manager_decisions.json", None, "no regular file"),
        ("truncate -s 1G manager_decisions.json", None, "larger than 65536 bytes (1073741824)"),
    ],
)
def test_what_lies_there_is_taken_or_named(
    command: str, decision: bytes | None, problem: str
) -> None:
    taken = taken_after(command)
    assert taken.decision == decision
    assert problem in taken.problem
    assert not taken.sealed


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense",
        b"file",
        b"file -1",
        b"file " + b"9" * 5000,
        b"missing file",
        b"\xff\xfe",
        b"file 3",
    ],
)
def test_a_computer_that_lies_gives_nothing_to_grade(said: bytes) -> None:
    taken = asyncio.run(take_decision(brief_at("/x"), Says(said), Ending()))
    assert taken.decision is None
    assert taken.problem


@pytest.mark.parametrize("before", [Ending(), Ending(Outcome.LIMIT, "no time left")])
def test_a_computer_that_is_gone_is_a_limit(before: Ending) -> None:
    gone = Says(ComputerGone("silence"))
    taken = asyncio.run(take_decision(brief_at("/x"), gone, before))
    assert taken.ending.outcome is Outcome.LIMIT
    assert taken.problem == "the computer is gone"
    assert (before.reason or "silence") in taken.ending.reason


WORKDIR = "/app/it"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    source = tmp_path_factory.mktemp("source")
    for name in ("server/a.js", "server/b.js", "web/x.js", "README.md", "run.sh", "*[a]?"):
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(f"{name}\n")
    (source / "run.sh").chmod(0o755)
    (source / "link").symlink_to("web/x.js")
    name = f"submission-{uuid.uuid4().hex[:8]}"  # workers don't remove each other's image
    return Repository(name, WORKDIR, source, app=App("serve", 4180, outputs=("dist",)))


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def image(client: docker.DockerClient, repository: Repository) -> Iterator[str]:
    image = repository_image(client, repository)
    yield image
    client.images.remove(image, force=True)


class FiveMethods(ComputerInterface):
    """What a user's own class may be: five methods, and no more of the computer it stands for."""

    def __init__(self, inner: DockerComputer | LocalComputer) -> None:
        self.inner = inner

    async def send_shell_command(self, command: str) -> CommandResult:
        return await self.inner.send_shell_command(command)

    async def check_shell_command(self, command: str) -> CommandResult:
        return await self.inner.check_shell_command(command)

    async def upload(self, local_path: str, remote_path: str) -> None:
        await self.inner.upload(local_path, remote_path)

    async def download(self, remote_path: str) -> bytes:
        return await self.inner.download(remote_path)

    async def cleanup(self) -> None:
        await self.inner.cleanup()


def changed(repository: Repository, script: str, kind: str, image: str | None = None) -> Submission:
    """Run a script in a computer of some kind, and take the changes out of it."""

    async def take() -> Submission:
        inner: DockerComputer | LocalComputer
        if image is not None:
            spec = replace(a_spec(), repository=repository, image=image, workdir=WORKDIR)
            inner = await DockerProvider(connect()).start(spec)
        else:
            inner = await LocalProvider().start(ComputerSpec(repository, None, WORKDIR))
        computer = FiveMethods(inner) if kind == "five methods" else inner
        try:
            await inner.check_shell_command(f"cd {inner.workdir} && {script}")
            brief = Brief("1", "ic_swe", "t", "d", 100, inner.workdir)
            return await take_changes(repository, brief, computer, Ending())
        finally:
            await computer.cleanup()

    return asyncio.run(take())


SCRIPTS = {
    "nothing": ("true", Changes()),
    "touched, and changed back": (
        "touch README.md; cp run.sh /tmp/k; rm run.sh; cp -p /tmp/k run.sh; chmod 711 run.sh; "
        "rm link; ln -s web/x.js link; mkdir empty",
        Changes(),
    ),
    "only what is never submitted": (
        "mkdir -p .git node_modules/x user_tool dist web/node_modules d/__pycache__ d/.git; "
        "for d in .git node_modules/x user_tool dist web/node_modules d/__pycache__ d/.git; "
        "do echo x > $d/f; done; echo x > server/__pycache__",
        Changes(),
    ),
    "changed, added, deleted": (
        "echo more >> README.md; chmod -x run.sh; mkdir -p d/e; echo x > 'd/e/a\nb'; "
        "rm server/b.js; "
        "ln -s ../run.sh d/l; rm '*[a]?'; echo k > dist2",
        Changes(
            (
                TreeFile("README.md", b"README.md\nmore\n"),
                TreeFile("d/e/a\nb", b"x\n"),
                TreeFile("d/l", b"../run.sh", link=True),
                TreeFile("dist2", b"k\n"),
                TreeFile("run.sh", b"run.sh\n"),
            ),
            ("*[a]?", "server/b.js"),
        ),
    ),
    "what looks like it": (
        "mkdir -p d/user_tool d/dist; echo x > d/user_tool/f; echo x > d/dist/f; "
        "echo x > __pycache__2; echo x > d/x.git",
        Changes(
            tuple(
                TreeFile(name, b"x\n")
                for name in ("__pycache__2", "d/dist/f", "d/user_tool/f", "d/x.git")
            )
        ),
    ),
    "something moved to where nothing leaves": (
        "mkdir web/node_modules; mv server/a.js web/node_modules",
        Changes((), ("server/a.js",)),
    ),
    "a file for a link, a link for a file": (
        "rm link; echo 'web/x.js' > link; rm README.md; ln -s run.sh README.md",
        Changes(
            (TreeFile("README.md", b"run.sh", link=True), TreeFile("link", b"web/x.js\n")),
        ),
    ),
    "a directory for a file": (
        "rm README.md; mkdir README.md; echo x > README.md/x",
        Changes((TreeFile("README.md/x", b"x\n"),)),
    ),
    "made anew": (
        "cp -p server/a.js /tmp/k; rm -r server; mkdir server; cp /tmp/k server/a.js",
        Changes((), ("server/b.js",)),
    ),
}


def same(taken: Submission, expected: Changes) -> bool:
    """Compare; what no list of files tells is whether a directory went with its last file."""
    if not (expected.files or expected.deleted):
        return taken.changes is None and taken.problem == "nothing was changed"
    assert taken.changes is not None
    assert set(taken.changes.deleted) == set(expected.deleted)
    return taken.changes.files == expected.files and not taken.changes.left_out


@pytest.mark.parametrize("kind", ["local", "five methods"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_changes_of_a_directory_of_this_host(repository: Repository, kind: str, name: str) -> None:
    script, expected = SCRIPTS[name]
    taken = changed(repository, script.replace("/tmp/k", "$TMPDIR/k"), kind)
    assert same(taken, expected)
    assert (taken.sealed, taken.ending) == (False, Ending())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sealed", "five methods"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_changes_of_a_container(repository: Repository, image: str, kind: str, name: str) -> None:
    script, expected = SCRIPTS[name]
    taken = changed(repository, script, kind, image)
    assert same(taken, expected)
    assert (taken.sealed, taken.ending) == (kind == "sealed", Ending())


@pytest.mark.slow
def test_a_container_whose_directory_is_gone(repository: Repository, image: str) -> None:
    taken = changed(repository, "cd / && rm -r app", "sealed", image)
    top = ("*[a]?", "README.md", "link", "run.sh", "server", "web")
    assert taken.changes == Changes((), top)


LARGE = "truncate -s 33M large"


@pytest.mark.slow
def test_what_is_passed_over_is_not_counted(image: str, repository: Repository) -> None:
    many = (
        "mkdir -p web/node_modules; cd web/node_modules; for n in $(seq 11000); do : > $n; done; "
        "truncate -s 40M large"  # which makes the engine list what has changed
    )
    taken = changed(repository, f"echo x > server/new.py; {many}", "sealed", image)
    assert taken.changes == Changes((TreeFile("server/new.py", b"x\n"),))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sealed", "five methods"])
def test_too_much_of_a_container_is_a_limit(repository: Repository, image: str, kind: str) -> None:
    taken = changed(repository, LARGE, kind, image)
    assert taken.ending.outcome is Outcome.LIMIT
    assert "'large' has " in taken.problem
    assert taken.ending.reason == taken.problem
    assert taken.changes is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (LARGE, "'large' has more than 32 MB"),
        ("for n in 1 2 3; do truncate -s 30M $n; done", "more than 64 MB altogether"),
        ("mkdir d; cd d; for n in $(seq 5001); do : > $n; done", "more than 5,000 files"),
    ],
)
def test_too_much_is_a_limit(repository: Repository, script: str, said: str) -> None:
    taken = changed(repository, script, "local")
    assert taken.ending.outcome is Outcome.LIMIT
    assert said in taken.problem


def test_what_no_submission_can_hold_is_said(repository: Repository) -> None:
    script = r"mkfifo p; ln -s /etc/passwd out; printf x > $(printf 'caf\351')"
    taken = changed(repository, script, "local")
    assert taken.changes is None
    assert taken.problem == (
        "nothing was changed that can be submitted; left out: 'caf\\ufffd': its name is no UTF-8; "
        "'out': is a link that leads out of the directory; 'p': is no file, link or directory"
    )
    taken = changed(repository, "mkfifo p; echo x > new", "local")
    assert taken.changes == Changes(
        (TreeFile("new", b"x\n"),), (), ("'p': is no file, link or directory",)
    )


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1)
paths = st.lists(names.filter(lambda name: name not in (".", "..")), min_size=1, max_size=4).map(
    "/".join
)


@st.composite
def files(draw: st.DrawFn) -> dict[str, TreeFile]:
    found: dict[str, TreeFile] = {}
    for path in draw(st.lists(paths, max_size=6)):
        if not any(f"{path}/".startswith(f"{o}/") or o.startswith(f"{path}/") for o in found):
            link = draw(st.booleans())
            content = draw(names).encode() if link else draw(st.binary(max_size=1000))
            found[path] = TreeFile(path, content, not link and draw(st.booleans()), link)
    return found


@given(files())
def test_an_archive_holds_exactly_the_files(files: dict[str, TreeFile]) -> None:
    content = to_archive(Changes(tuple(files.values())))
    assert content == to_archive(Changes(tuple(reversed(files.values()))))
    found, directories = {}, set()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            assert (member.uid, member.gid, member.mtime) == (0, 0, 0)
            parent = member.name.rpartition("/")[0]
            assert not parent or parent in directories
            if member.isdir():
                directories.add(member.name)
            elif member.issym():
                target = member.linkname.encode()
                found[member.name] = TreeFile(member.name, target, False, True)
            else:
                file = archive.extractfile(member)
                assert file is not None
                assert member.mode in (0o644, 0o755)
                found[member.name] = TreeFile(member.name, file.read(), member.mode == 0o755)
    assert found == files


@pytest.mark.parametrize(
    "bad",
    [
        ["/a"],
        ["../a"],
        ["a/../b"],
        ["a//b"],
        ["a/"],
        [""],
        ["."],
        ["a\0b"],
        ["a", "a"],
        ["a", "a/b"],
    ],
)
def test_no_member_lies_outside_or_within_another(bad: list[str]) -> None:
    with pytest.raises(ValueError):
        to_archive(Changes(tuple(TreeFile(path, b"") for path in bad)))


def test_deletions_are_of_what_was_there_and_is_not_back(repository: Repository) -> None:
    assert repository.source is not None
    source = {entry.name: entry for entry in source_entries(repository.source)}

    def deletions(deleted: tuple[str, ...], *added: str) -> tuple[str, ...]:
        changes = Changes(tuple(TreeFile(path, b"new") for path in added), deleted)
        return canonical(changes, source, ("web",)).deleted

    assert deletions(("nothing", "server/c.js", "link/x")) == ()
    assert deletions(("server", "server/a.js", "link")) == ("link", "server")
    assert deletions(("server",), "server/a.js") == ("server/b.js",)
    assert deletions(("server",), "server") == ()
    assert deletions(("README.md",), "README.md/x") == ()
    assert deletions(("web", "web/x.js")) == ()
    assert deletions((".",), "run.sh", "new") == ("*[a]?", "README.md", "link", "server")


def test_what_is_excluded_is_no_change_whoever_says_so() -> None:
    names = ("a", "dist/x", "dist2", "web/__pycache__/x.pyc", "web/node_modules")
    changes = Changes(tuple(TreeFile(name, b"") for name in names))
    kept = canonical(changes, {}, ("dist", *NEVER_SUBMITTED)).files
    assert [file.path for file in kept] == ["a", "dist2"]
