from __future__ import annotations

import base64
import os
import socket
import subprocess
import threading
import traceback
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from swelancer_plugin.datasets.checkout import checkout, without_credentials
from swelancer_plugin.datasets.errors import DatasetError


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    """A repository whose second commit is the fix."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "master")
    for text in ("broken", "fixed"):
        (folder / "app.js").write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", text)
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_the_tree_before_the_fix_is_exported_without_history(
    repository: tuple[Path, str], tmp_path: Path, form: str
) -> None:
    folder, fix = repository
    tree = checkout(form.format(folder), fix, tmp_path / "cache")
    assert (tree / "app.js").read_text() == "broken"
    assert not (tree / ".git").exists()
    assert checkout(form.format(folder), fix, tmp_path / "cache") == tree


def test_without_a_commit_the_head_is_exported(
    repository: tuple[Path, str], tmp_path: Path
) -> None:
    tree = checkout(str(repository[0]), None, tmp_path / "cache")
    assert (tree / "app.js").read_text() == "fixed"


def test_a_plain_directory_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert checkout(str(tmp_path / "plain"), "a" * 40, tmp_path / "cache") == tmp_path / "plain"


def test_what_cannot_be_had_is_one_error(repository: tuple[Path, str], tmp_path: Path) -> None:
    cases = [
        (str(tmp_path / "nowhere"), None, "neither a directory nor a URL"),
        (f"file://{tmp_path}/nowhere", None, "git clone"),
        (str(repository[0]), "b" * 40, "git rev-parse"),
    ]
    for source, commit, reason in cases:
        with pytest.raises(DatasetError, match=reason):
            checkout(source, commit, tmp_path / "cache")
    assert [path for path in (tmp_path / "cache").glob("tmp*") if path.is_dir()] == []


SHOWN = [
    ("https://user:s3cret@host/x.git", "https://host/x.git"),
    ("https://s3cret@host:8443/x.git", "https://host:8443/x.git"),
    ("https://user:s3@cret@host/x", "https://host/x"),
    ("https://user:s3/cret@host/x", "https://host/x"),
    ("https:/user:s3cret@host/x", "https:/host/x"),
    ("ssh://git@host:22/x@y", "ssh://host:22/x@y"),
    ("https://host:8443/x@y", "https://host:8443/x@y"),
    ("https://[::1]:80/x@y", "https://[::1]:80/x@y"),
    ("git@host:path/x.git", "git@host:path/x.git"),
    ("/a/path:with@odd/names", "/a/path:with@odd/names"),
    ("~/x", "~/x"),
    ("file:///a/b@c", "file:///a/b@c"),
]


@pytest.mark.parametrize(("repository", "shown"), SHOWN)
def test_credentials_are_not_shown(repository: str, shown: str) -> None:
    assert without_credentials(repository) == shown


TOKEN = "t0ken/with+odd=signs"
QUOTED = "t0ken%2Fwith%2Bodd%3Dsigns"


@pytest.fixture
def guarded(repository: tuple[Path, str], tmp_path: Path) -> Iterator[str]:
    """The address of a server that wants user and token: ``host:port/x.git``."""
    bare = tmp_path / "served" / "x.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository[0]), str(bare))
    git(bare, "update-server-info")
    wanted = "Basic " + base64.b64encode(f"user:{TOKEN}".encode()).decode()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") == wanted:
                return super().do_GET()
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(bare.parent)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}/x.git"
    server.shutdown()
    thread.join()
    server.server_close()


def test_credentials_are_used_but_kept_nowhere(
    repository: tuple[Path, str], tmp_path: Path, guarded: str
) -> None:
    url = f"http://user:{QUOTED}@{guarded}"
    for _ in range(2):  # cloned, then refreshed
        assert (checkout(url, None, tmp_path / "cache") / "app.js").read_text() == "fixed"
    written = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(written) > 5
    for path in written:
        assert TOKEN.encode() not in path.read_bytes()
        assert QUOTED.encode() not in path.read_bytes()


@pytest.mark.parametrize("userinfo", ["user:wr0ng%2Ftoken", "wr0ng%2Ftoken", "user:wr0ng/token"])
def test_refused_credentials_are_not_asked_for_nor_shown(
    tmp_path: Path, guarded: str, monkeypatch: pytest.MonkeyPatch, userinfo: str
) -> None:
    asks = tmp_path / "asks"
    asks.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho x\n")
    asks.chmod(0o755)
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(asks))
    with pytest.raises(DatasetError, match="git clone") as caught:
        checkout(f"http://{userinfo}@{guarded}", None, tmp_path / "cache")
    shown = "".join(traceback.format_exception(caught.value))
    assert "wr0ng" not in shown
    assert "token" not in shown
    assert not (tmp_path / "asked").exists()


def test_a_token_longer_than_a_file_name_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        checkout(f"http://{'t' * 300}@127.0.0.1:1/x", None, tmp_path / "cache")
    assert "tttt" not in "".join(traceback.format_exception(caught.value))


def test_a_mirror_is_asked_again_for_what_it_does_not_have(
    repository: tuple[Path, str], tmp_path: Path
) -> None:
    folder, fix = repository
    url, cache = f"file://{folder}", tmp_path / "cache"
    assert (checkout(url, fix, cache) / "app.js").read_text() == "broken"
    git(folder, "checkout", "-qb", "renamed")
    (folder / "app.js").write_text("better")
    git(folder, "commit", "-qam", "better")
    git(folder, "branch", "-D", "master", "-q")
    better = git(folder, "rev-parse", "HEAD")
    assert (checkout(url, better, cache) / "app.js").read_text() == "fixed"
    assert (checkout(url, None, cache) / "app.js").read_text() == "better"
    git(folder, "checkout", "-q", "--detach", fix)
    assert (checkout(url, None, cache) / "app.js").read_text() == "fixed"
    with pytest.raises(DatasetError, match="git rev-parse"):
        checkout(url, "b" * 40, cache)
    folder.rename(tmp_path / "away")
    assert (checkout(url, None, cache) / "app.js").read_text() == "fixed"
    assert (checkout(url, fix, cache) / "app.js").read_text() == "broken"
    with pytest.raises(DatasetError, match="git fetch"):
        checkout(url, "b" * 40, cache)


def test_links_stay_links_and_modes_stay(repository: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = repository
    (folder / "outside").symlink_to("/etc")
    (folder / "up").symlink_to("../../../..")
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "näme\n").write_bytes(b"x\0y")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "empty").touch()
    (folder / ".gitattributes").write_text("app.js export-ignore\nrun export-subst\n")
    git(folder, "add", "-A")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'c' * 40},sub")
    git(folder, "commit", "-qm", "more")
    tree = checkout(str(folder), None, tmp_path / "cache")
    assert os.readlink(tree / "outside") == "/etc"
    assert os.readlink(tree / "up") == "../../../.."
    assert (tree / "a" / "b" / "näme\n").read_bytes() == b"x\0y"
    assert [(tree / name).stat().st_mode & 0o777 for name in ("run", "empty", "a")] == [
        *(0o755, 0o644, 0o755)
    ]
    assert (tree / "app.js").exists()
    assert list((tree / "sub").iterdir()) == []


def a_tree(folder: Path, *entries: tuple[str, str, bytes]) -> str:
    """Make a tree of any names, as only a hostile repository has them."""
    raw = b"".join(
        f"{mode} {name}\0".encode()
        + bytes.fromhex(content.decode() if mode == "40000" else blob(folder, content))
        for mode, name, content in entries
    )
    return hashed(folder, "tree", raw)


def blob(folder: Path, content: bytes) -> str:
    return hashed(folder, "blob", content)


def hashed(folder: Path, kind: str, content: bytes) -> str:
    command = ["git", "-C", str(folder), "hash-object", "-t", kind, "-w", "--literally", "--stdin"]
    return subprocess.run(command, input=content, check=True, capture_output=True).stdout.decode()[
        :40
    ]


@pytest.mark.parametrize("case", ["through a link", "link in link", "..", "slash", ".GIT", "twice"])
def test_hostile_trees_write_nothing_outside(
    repository: tuple[Path, str], tmp_path: Path, case: str
) -> None:
    folder, _ = repository
    outside = tmp_path / "outside"
    outside.mkdir()
    link = ("120000", "a", str(outside).encode())
    below = a_tree(folder, ("100644", "b", b"escaped")).encode()
    link_below = a_tree(folder, ("120000", "b", b"escaped")).encode()
    trees: dict[str, list[tuple[str, str, bytes]]] = {
        "through a link": [link, ("40000", "a", below)],
        "link in link": [link, ("40000", "a", link_below)],
        "..": [("40000", "..", below)],
        "slash": [("100644", "../../../../outside/b", b"escaped")],
        ".GIT": [("40000", ".GIT", below)],
        "twice": [("100644", "a", b"1"), ("100644", "a", b"2")],
    }
    tree = a_tree(folder, *trees[case])
    git(folder, "update-ref", "HEAD", git(folder, "commit-tree", "-m", "hostile", tree))
    before = set(tmp_path.rglob("b"))
    with pytest.raises(DatasetError):
        checkout(str(folder), None, tmp_path / "cache")
    assert list(outside.iterdir()) == []
    assert set(tmp_path.rglob("b")) == before
    assert [path for path in (tmp_path / "cache").rglob("tmp*") if path.is_dir()] == []


def test_no_hook_filter_or_helper_of_the_host_is_run(
    repository: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, fix = repository
    (folder / ".gitattributes").write_text("* filter=evil\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "attributes")
    trace = tmp_path / "trace"
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("reference-transaction", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {trace}\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "gitconfig").write_text(
        f'[filter "evil"]\nsmudge = touch {trace} && cat\nrequired\n'
        f"[core]\nhooksPath = {hooks}\n[init]\ntemplateDir = {hooks.parent}\n"
        "[protocol]\nallow = always\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "ext:file")
    for source in (str(folder), f"file://{folder}"):
        assert (checkout(source, None, tmp_path / "cache") / "app.js").read_text() == "fixed"
        assert (checkout(source, fix, tmp_path / "cache") / "app.js").read_text() == "broken"
    with pytest.raises(DatasetError, match="ext"):
        checkout(f"ext::sh -c 'touch {trace}' x@y", None, tmp_path / "cache")
    assert not trace.exists()


def test_a_git_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swelancer_plugin.datasets.checkout._GIT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(DatasetError, match="git clone: no end after"):
            checkout(f"http://127.0.0.1:{port}/x", None, tmp_path / "cache")


def test_a_bundle_is_found_wherever_one_stands(
    repository: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository[0], "bundle", "create", "-q", str(tmp_path / "x.bundle"), "HEAD", "master")
    monkeypatch.chdir(tmp_path)
    assert (checkout("x.bundle", None, tmp_path / "cache") / "app.js").read_text() == "fixed"
