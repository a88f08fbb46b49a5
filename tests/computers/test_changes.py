"""What leaves a frozen container, compared with what really is in it."""

from __future__ import annotations

import io
import json
import tarfile
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import TypeAlias

import docker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.computers import changes as listing
from swelancer_plugin.computers import tree
from swelancer_plugin.computers.changes import export_changes
from swelancer_plugin.computers.docker import DockerComputer
from swelancer_plugin.computers.images import repository_image
from swelancer_plugin.computers.interface import (
    Changes,
    CommandError,
    ComputerGone,
    EngineError,
    TooMuch,
    TreeFile,
)
from swelancer_plugin.task import Repository
from tests.computers.conftest import WORKDIR, a_spec, started

Tree: TypeAlias = dict[str, tuple[bytes, bool, bool]]
"""By path: content (of a link: its target), whether executable, whether a link."""
ORIGINAL: Tree = {
    "README.md": (b"read me\n", False, False),
    "run.sh": (b"#!/bin/sh\n", True, False),
    "link": (b"web/index.html", False, True),
    "server/a.js": (b"a\n", False, False),
    "server/b.js": (b"b\n", False, False),
    "web/index.html": (b"<p>\n", False, False),
    "web/views/x.js": (b"x\n", False, False),
    "web/views/y.js": (b"y\n", False, False),
    "ünï cödé": (b"u\n", False, False),
}
MB = 1024 * 1024
EXCLUDED = (".git", "node_modules", "web/dist")


@pytest.fixture(scope="module")
def image(client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    source = tmp_path_factory.mktemp("source")
    for name, (content, executable, link) in ORIGINAL.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if link:
            path.symlink_to(content.decode())
        else:
            path.write_bytes(content)
            path.chmod(0o755 if executable else 0o644)
    name = f"changes-{uuid.uuid4().hex[:8]}"  # workers don't remove each other's image
    image = repository_image(client, Repository(name, WORKDIR, source))
    yield image
    client.images.remove(image, force=True)


@asynccontextmanager
async def after(
    client: docker.DockerClient, image: str, script: str
) -> AsyncIterator[DockerComputer]:
    async with started(client, replace(a_spec(), image=image)) as computer:
        await computer.check_shell_command(f"cd {WORKDIR} && {script}")
        await computer.freeze()
        yield computer


async def exported(client: docker.DockerClient, image: str, script: str) -> Changes:
    async with after(client, image, script) as computer:
        return await computer.export_changes(WORKDIR, EXCLUDED)


def applied(changes: Changes) -> Tree:
    """Return the original tree with changes made to it."""
    result = dict(ORIGINAL)
    for gone in changes.deleted:
        result = {
            path: each
            for path, each in result.items()
            if gone != "." and path != gone and not path.startswith(f"{gone}/")
        }
    for file in changes.files:
        result = {
            path: each
            for path, each in result.items()
            if not path.startswith(f"{file.path}/") and not file.path.startswith(f"{path}/")
        }
        result[file.path] = (file.content, file.executable, file.link)
    return result


def found(computer: DockerComputer, client: docker.DockerClient) -> Tree:
    """Return what is in the container's working directory, by its whole archive."""
    chunks, _ = client.api.get_archive(computer.container, WORKDIR)
    result: Tree = {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks)), errors="surrogateescape") as archive:
        for member in archive:
            path = member.name.partition("/")[2]
            if member.issym():
                result[path] = (member.linkname.encode(), False, True)
            elif member.isreg() or member.islnk():
                content = archive.extractfile(member)
                assert content is not None
                result[path] = (content.read(), bool(member.mode & 0o100), False)
    return result


FAITHFUL = [
    "true",
    "touch README.md",
    "echo more >> README.md; echo new > new; mkdir -p deep/er; echo x > deep/er/file",
    "chmod +x README.md; chmod -x run.sh; chmod 4755 server/a.js",
    "rm README.md",
    "rm -r server",
    "rm server/*",
    "rm -r server; mkdir server; echo new > server/new",
    "rm -r server; mkdir server; echo a > server/a.js",
    "rm -r web; mkdir -p web/views/deep; echo d > web/views/deep/d; echo x > web/views/x.js",
    "mv server srv",
    "mv web/views server; mv server/a.js README.md",
    "rm README.md; mkdir README.md; echo in > README.md/file",
    "rm -r server; echo file > server",
    "rm -r server; ln -s web server",
    "rm -r web/views; ln -s ../server web/views; echo via > web/views/a.js",
    "rm link; echo file > link",
    "ln -sfn server link",
    "rm link; mkdir link; echo x > link/x",
    "ln README.md server/hard; ln server/hard hard; echo more >> hard",
    "echo x > new; ln new new2; ln new2 server/new3",
    "ln run.sh again",
    "mkdir empty; chmod 700 web",
    "printf x > 'a\nb\t\"c\\d'; printf y > .wh.foo; printf z > .wh..wh.bar; printf v > -rf",
    "printf x > $(printf 'u\\357\\277\\275'); printf y > ' '; printf z > web/...; printf w > '*'",
    "rm 'ünï cödé'; mkdir ☃; echo x > '☃/é'",
    "n=$(printf '%0250d' 0); mkdir -p $n/$n/$n; echo x > $n/$n/$n/$n",
    "for n in $(seq 300); do echo $n > n$n; done; rm server/a.js",
    "cd /; rm -r app; mkdir -p app/evenly; echo x > app/evenly/x",
    "cd /; rm -r app/evenly; mkdir app/evenly",
]
slow = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]


class TestContainer:
    pytestmark = slow

    @pytest.mark.parametrize("script", FAITHFUL)
    async def test_the_changes_lead_to_what_is_there(
        self, client: docker.DockerClient, image: str, script: str
    ) -> None:
        async with after(client, image, script) as computer:
            changes = await computer.export_changes(WORKDIR, ())
            assert changes.left_out == ()
            assert applied(changes) == found(computer, client)
            assert list(changes.files) == sorted(changes.files, key=lambda file: file.path)
            whole = await computer.read_whole(WORKDIR, (), MB)
            assert whole is not None
            assert (whole.deleted, whole.left_out) == ((".",), ())
            assert applied(whole) == found(computer, client)
            assert list(whole.files) == sorted(whole.files, key=lambda file: file.path)

    async def test_only_what_has_changed_leaves(
        self, client: docker.DockerClient, image: str
    ) -> None:
        script = "echo x > web/new; rm server/a.js; mkdir empty; chmod +x README.md; echo > /other"
        assert await exported(client, image, script) == Changes(
            files=(
                TreeFile("README.md", b"read me\n", executable=True),
                TreeFile("web/new", b"x\n"),
            ),
            deleted=("server/a.js",),
        )

    async def test_what_is_excluded_is_passed_over(
        self, client: docker.DockerClient, image: str
    ) -> None:
        script = (
            "mkdir -p .git/x node_modules/.bin web/dist server/node_modules web/.git; "
            "for d in .git .git/x node_modules node_modules/.bin web/dist; do echo x > $d/f; done; "
            "echo k > server/node_modules/k; echo k > web/.git/k; echo k > .gitignore; "
            "echo k > web/distant; echo k > node_modules2"
        )
        changes = await exported(client, image, script)
        new = [".gitignore", "node_modules2", "server/node_modules/k", "web/.git/k", "web/distant"]
        assert [file.path for file in changes.files] == new
        assert changes.deleted == changes.left_out == ()
        async with after(client, image, script) as computer:
            whole = await computer.read_whole(WORKDIR, EXCLUDED, MB)
        assert whole is not None
        assert [file.path for file in whole.files if file.path not in ORIGINAL] == new

    async def test_an_excluded_directory_of_hundreds_of_megabytes_costs_nothing(
        self, client: docker.DockerClient, image: str
    ) -> None:
        script = "mkdir node_modules; truncate -s 3G node_modules/big; echo x > web/new"
        assert await exported(client, image, script) == Changes((TreeFile("web/new", b"x\n"),))
        async with after(client, image, script) as computer:
            assert await computer.read_whole(WORKDIR, EXCLUDED, MB) is None

    @pytest.mark.parametrize(
        "script",
        [
            "cd /; rm -r app",
            "cd /; rm -r app/evenly",
            "cd /; rm -r app/evenly; ln -s /etc app/evenly",
            "cd /; mv app/evenly /elsewhere; ln -s /elsewhere app/evenly",
            "cd /; mv app /elsewhere; ln -s /elsewhere app",
            "cd /; rm -r app/evenly; echo x > app/evenly",
            "cd /; rm -r app; mkfifo app",
        ],
    )
    async def test_a_directory_that_is_none_any_more_is_all_deleted(
        self, client: docker.DockerClient, image: str, script: str
    ) -> None:
        assert await exported(client, image, script) == Changes(deleted=(".",))
        async with after(client, image, script) as computer:
            assert await computer.read_whole(WORKDIR, EXCLUDED, MB) == Changes(deleted=(".",))

    async def test_what_no_submission_can_hold_is_said(
        self, client: docker.DockerClient, image: str
    ) -> None:
        script = (
            r"mkfifo pipe; printf x > $(printf 'caf\351'); mkdir d; ln -s $(printf '\351') odd;"
            r"printf y > d/$(printf '\377\376'); mkdir $(printf 'dir\377');"
            r"printf z > $(printf 'dir\377')/z;"
            "ln -s /etc/passwd absolute; ln -s ../.. up; ln -s d/../../x around; ln -s ../a d/in;"
            r"printf k > kept; printf '\033[31m' > $(printf '\033[31m');"
            "perl -e 'use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un(q(s)))'"
        )
        changes = await exported(client, image, script)
        assert [(file.path, file.link) for file in changes.files] == [
            ("\x1b[31m", False),
            ("d/in", True),
            ("kept", False),
        ]
        assert changes.left_out == (
            "'absolute': is a link that leads out of the directory",
            "'around': is a link that leads out of the directory",
            "'caf\\ufffd': its name is no UTF-8",
            "'d/\\ufffd\\ufffd': its name is no UTF-8",
            "'dir\\ufffd/z': its name is no UTF-8",
            "'odd': is a link that leads out of the directory",
            "'pipe': is no file, link or directory",
            "'s': is no file",
            "'up': is a link that leads out of the directory",
        )

    async def test_what_is_left_out_is_said_in_bounded_words(
        self, client: docker.DockerClient, image: str
    ) -> None:
        changes = await exported(client, image, "mkdir p; for n in $(seq 99); do mkfifo p/$n; done")
        assert len(changes.left_out) == 51
        assert changes.left_out[-1] == "and 49 more"

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("truncate -s 1T sparse", "'sparse' has 1,048,576 MB; a submitted file may have 32"),
            ("truncate -s 33M f", "'f' has 33 MB"),
            (
                "mkdir d; for n in 1 2 3; do truncate -s 30M d/$n; done",
                "more than 64 MB altogether",
            ),
            (
                "mkdir d; truncate -s 30M d/a; for n in 1 2 3; do ln d/a d/l$n; done",
                "more than 64 MB altogether",
            ),
            ("mkdir d; cd d; for n in $(seq 5001); do : > $n; done", "more than 5,000 files"),
            ("mkdir d; cd d; for n in $(seq 10002); do mkdir $n; done", "more than 5,000 files"),
            (
                "mkdir web/dist; truncate -s 2G web/dist/big; echo > web/a; echo > web/z",
                "more than 1,024 MB beside what was changed",
            ),
        ],
    )
    async def test_too_much(
        self, client: docker.DockerClient, image: str, script: str, said: str
    ) -> None:
        with pytest.raises(TooMuch, match=said):
            await exported(client, image, script)

    async def test_a_container_that_is_gone(self, client: docker.DockerClient, image: str) -> None:
        async with after(client, image, "echo x > new") as computer:
            client.api.remove_container(computer.container, force=True)
            with pytest.raises(ComputerGone):
                await computer.export_changes(WORKDIR, ())
            with pytest.raises(ComputerGone):
                await computer.unpack(b"\0" * 1024, WORKDIR)

    async def test_unpack_replaces_whatever_is_in_the_way(
        self, client: docker.DockerClient, image: str
    ) -> None:
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in ("README.md", "link"):
                directory = tarfile.TarInfo(name)
                directory.type, directory.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(directory)
            for name in ("README.md/ü", "link/in", "server"):
                file = tarfile.TarInfo(name)
                file.size, file.mode = 1, 0o755
                archive.addfile(file, io.BytesIO(b"x"))
        async with started(client, replace(a_spec(), image=image)) as computer:
            await computer.unpack(content.getvalue(), WORKDIR)
            tree = found(computer, client)
            x = (b"x", True, False)
            assert {path: tree.get(path) for path in ("README.md/ü", "link/in", "server")} == {
                **{"README.md/ü": x, "link/in": x, "server": x}
            }
            assert tree["web/index.html"] == ORIGINAL["web/index.html"]
            owner = await computer.check_shell_command("stat -c '%u:%g' server link README.md")
            assert set(owner.text.split()) == {"0:0"}

    async def test_unpack_where_nothing_can_be_written(
        self, client: docker.DockerClient, image: str
    ) -> None:
        async with started(client, replace(a_spec(), image=image)) as computer:
            for directory in ("/nowhere", f"{WORKDIR}/README.md"):
                with pytest.raises(CommandError, match="unpack into"):
                    await computer.unpack(b"\0" * 1024, directory)
            with pytest.raises(CommandError, match="unpack into"):
                await computer.unpack(b"no archive at all" * 100, WORKDIR)
            with pytest.raises(ValueError, match="not an absolute path"):
                await computer.unpack(b"", "relative")


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@given(
    paths=st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2))),
    sizes=st.lists(st.integers(1, 9)),
    indent=st.sampled_from([None, 2]),
    ascii_only=st.booleans(),
)
def test_the_list_is_parsed_however_it_arrives(
    paths: list[tuple[str, int]], sizes: list[int], indent: int | None, ascii_only: bool
) -> None:
    changes = [{"Path": path, "Kind": kind} for path, kind in paths] or None
    data = json.dumps(changes, indent=indent, ensure_ascii=ascii_only).encode()
    assert list(listing._changes(pieces(data, sizes))) == paths
    cut = data[: data.rindex(b"]")] if paths else b"nul"
    for end in {0, len(cut) // 2, len(cut)}:
        with pytest.raises(EngineError, match="breaks off"):
            list(listing._changes(pieces(cut[:end], sizes)))


@pytest.mark.parametrize("data", [b"{}", b"[1]", b'[{"Path": 1, "Kind": 0}]', b'[{"Path": "/a"}]'])
def test_what_is_no_list_of_changes(data: bytes) -> None:
    with pytest.raises(EngineError, match="no change"):
        list(listing._changes([data]))


class Engine(BaseHTTPRequestHandler):
    """An engine with one container, whose list of changes is what the test makes it."""

    listed: tuple[int, bytes] = (200, b"null")
    asked: threading.Event
    alive = True

    def do_GET(self) -> None:
        if self.path.endswith("/changes"):
            status, body = self.listed
            if status == 0:
                self.asked.wait(30)
                return
        elif self.path.endswith("/json"):
            status, body = 200, json.dumps({"State": {"Running": self.alive}}).encode()
        else:
            status, body = 200, b"OK"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError):  # the client had enough
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[docker.APIClient]:
    Engine.listed, Engine.alive, Engine.asked = (200, b"null"), True, threading.Event()
    with ThreadingUnixStreamServer(str(tmp_path / "socket"), Engine) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        client = docker.APIClient(base_url=f"unix://{tmp_path}/socket", version="1.41")
        yield client
        client.close()
        Engine.asked.set()
        server.shutdown()
        thread.join()


def test_a_list_of_nothing(engine: docker.APIClient) -> None:
    assert export_changes(engine, "c", WORKDIR, ()) == Changes()


def test_a_list_that_is_too_long(engine: docker.APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_LISTING", 100_000)
    Engine.listed = (200, json.dumps([{"Path": "/tmp/x", "Kind": 1}] * 10_000).encode())
    with pytest.raises(TooMuch, match="too long"):
        export_changes(engine, "c", WORKDIR, ())


def test_a_list_that_does_not_come(
    engine: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ENGINE_LIMIT", 0.05)
    Engine.listed = (0, b"")
    with pytest.raises(TooMuch, match="did not list the changes"):
        export_changes(engine, "c", WORKDIR, ())


def test_a_list_that_is_refused(engine: docker.APIClient) -> None:
    Engine.listed = (500, b'{"message": "lstat: cannot allocate memory"}')
    with pytest.raises(ComputerGone, match="cannot allocate memory"):
        export_changes(engine, "c", WORKDIR, ())
    Engine.alive = False
    with pytest.raises(ComputerGone, match="has ended"):
        export_changes(engine, "c", WORKDIR, ())


def test_more_archives_than_may_be_asked_for_are_too_much(
    engine: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MAX_ARCHIVES", 0)
    Engine.listed = (200, json.dumps([{"Path": f"{WORKDIR}/x", "Kind": 1}]).encode())
    reading = tree.Reading(engine, "c", WORKDIR, {"x"})
    with pytest.raises(TooMuch, match="too scattered"):
        reading.read_all()
