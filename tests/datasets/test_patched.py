from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from swelancer_plugin.datasets.errors import DatasetError
from swelancer_plugin.datasets.patched import patched
from swelancer_plugin.task import App, Repository

PATCH = b"""\
diff --git a/web/app.js b/web/app.js
--- a/web/app.js
+++ b/web/app.js
@@ -1,2 +1,2 @@
 let a = 1
-let b = 2
+let b = 3
diff --git a/new.sh b/new.sh
new file mode 100755
--- /dev/null
+++ b/new.sh
@@ -0,0 +1 @@
+#!/bin/sh
diff --git a/gone b/gone
deleted file mode 100644
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-gone
"""
CRLF = b"""\
diff --git a/dos.txt b/dos.txt
--- a/dos.txt
+++ b/dos.txt
@@ -1,3 +1,3 @@
 one\r
-two\r
+zwei\r
 three\r
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "web").mkdir(parents=True)
    (source / "web/app.js").write_text("let a = 1\nlet b = 2\n")
    (source / "gone").write_text("gone\n")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    (source / "link").symlink_to("web/app.js")
    (source / "dos.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    (source / "mixed.txt").write_bytes(b"one\r\ntwo\nthree\r")
    (source / "empty").mkdir()
    for name in (".git", "node_modules"):
        (source / name).mkdir()
        (source / name / "file").write_text("x")
    return source


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def applied(source: Path, cache: Path, patch: bytes) -> Path:
    file = source.parent / "bug.patch"
    file.write_bytes(patch)
    tree = patched(Repository("it", "/app/it", source), file, cache).source
    assert tree is not None
    return tree


def refusal(source: Path, cache: Path, patch: bytes) -> str:
    with pytest.raises(DatasetError) as caught:
        applied(source, cache, patch)
    assert str(caught.value).startswith(f"{source.parent}/bug.patch: ")
    assert trees_in(cache) == []
    return str(caught.value)


def trees_in(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.suffix not in (".lock", ".digest")]


def names(tree: Path) -> list[str]:
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))


def test_the_source_with_the_patch_applied(source: Path, cache: Path) -> None:
    before = names(source)
    tree = applied(source, cache, PATCH)
    assert tree.parent == cache
    assert names(tree) == [
        *("dos.txt", "empty", "link", "mixed.txt", "new.sh", "run.sh", "web", "web/app.js")
    ]
    assert (tree / "web/app.js").read_text() == "let a = 1\nlet b = 3\n"
    assert (tree / "link").readlink() == Path("web/app.js")
    executable = {name for name in names(tree) if os.access(tree / name, os.X_OK)}
    assert executable == {"empty", "new.sh", "run.sh", "web"}
    assert names(source) == before
    assert (source / "web/app.js").read_text() == "let a = 1\nlet b = 2\n"


def test_all_else_of_the_repository_stays(source: Path, cache: Path) -> None:
    patch = source.parent / "bug.patch"
    patch.write_bytes(PATCH)
    repository = Repository("it", "/app/it", source, "abc", ("git",), App("serve", 4180))
    result = patched(repository, patch, cache)
    assert result.source != source
    assert result == Repository("it", "/app/it", result.source, "abc", ("git",), repository.app)


def test_an_empty_patch_leaves_the_repository_as_it_is(source: Path, cache: Path) -> None:
    for content in (b"", b"\n \n"):
        assert applied(source, cache, content) == source
    assert not cache.exists()


def test_it_is_made_once_and_anew_for_what_differs(source: Path, cache: Path) -> None:
    first = applied(source, cache, PATCH)
    made = first.stat().st_ino
    assert applied(source, cache, PATCH) == first
    (source / "node_modules/file").write_text("no computer gets this")
    assert applied(source, cache, PATCH) == first
    assert first.stat().st_ino == made
    trees = {first, applied(source, cache, CRLF)}
    (source / "other").write_text("x")
    trees.add(applied(source, cache, PATCH))
    (source / "other").chmod(0o755)
    trees.add(applied(source, cache, PATCH))
    assert len(trees) == 4


@pytest.mark.parametrize("attributes", ["", "* text=auto\n", "* text eol=lf\n", "*.txt eol=crlf\n"])
def test_line_ends_survive(source: Path, cache: Path, attributes: str) -> None:
    if attributes:
        (source / ".gitattributes").write_text(attributes)
    tree = applied(source, cache, CRLF)
    assert (tree / "dos.txt").read_bytes() == b"one\r\nzwei\r\nthree\r\n"
    assert (tree / "mixed.txt").read_bytes() == b"one\r\ntwo\nthree\r"


def test_a_patch_that_does_not_apply(source: Path, cache: Path) -> None:
    said = refusal(source, cache, PATCH.replace(b"-let b = 2", b"-let b = 7"))
    assert "does not apply: error: patch failed: web/app.js:1" in said
    assert "does not apply: error: " in refusal(source, cache, b"\xff no patch at all")


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", ".git/config", "out/file"])
def test_a_patch_does_not_lead_out(source: Path, cache: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (source / "out").symlink_to(tmp_path / "elsewhere")
    patch = f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"
    assert "does not apply: error: " in refusal(source, cache, patch.encode())
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_no_source_no_patch_file(tmp_path: Path, cache: Path) -> None:
    patch = tmp_path / "bug.patch"
    with pytest.raises(DatasetError, match=r"can't be applied: .*No such file"):
        patched(Repository("it", "/app/it", tmp_path), patch, cache)
    patch.write_bytes(PATCH)
    with pytest.raises(DatasetError, match="it has no source"):
        patched(Repository("it", "/app/it"), patch, cache)
    with pytest.raises(DatasetError, match="is no directory"):
        patched(Repository("it", "/app/it", tmp_path / "none"), patch, cache)


def test_without_git(source: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "To do: install git" in refusal(source, cache, PATCH)


def test_no_configuration_of_the_host_has_a_say(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = tmp_path / "around"
    subprocess.run(["git", "init", "-q", str(around)], check=True)
    config = tmp_path / "gitconfig"
    config.write_text("[core]\nautocrlf = true\n[apply]\nwhitespace = error-all\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "apply.whitespace")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "error-all")
    monkeypatch.setenv("GIT_DIR", str(around / ".git"))
    tree = applied(source, around / "cache", PATCH.replace(b"+let b = 3\n", b"+let b = 3 \n"))
    assert (tree / "web/app.js").read_bytes() == b"let a = 1\nlet b = 3 \n"
    assert (tree / "dos.txt").read_bytes() == b"one\r\ntwo\r\nthree\r\n"


def test_processes_that_want_the_same_make_it_once(source: Path, cache: Path) -> None:
    (source.parent / "bug.patch").write_bytes(PATCH)
    script = (
        "import sys; from pathlib import Path\n"
        "from swelancer_plugin.datasets.patched import patched\n"
        "from swelancer_plugin.task import Repository\n"
        "source, patch, cache = map(Path, sys.argv[1:])\n"
        "tree = patched(Repository('it', '/app/it', source), patch, cache).source\n"
        "print(tree, tree.stat().st_ino)"
    )
    arguments = [str(source), str(source.parent / "bug.patch"), str(cache)]
    command = [sys.executable, "-c", script, *arguments]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    said = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 6
    assert len(said) == 1
    assert len(trees_in(cache)) == 1


def spoil(tree: Path, how: str) -> None:
    if how == "deleted":
        (tree / "run.sh").unlink()
    elif how == "changed":
        (tree / "run.sh").write_text("#!/bin/bash\n")
    elif how == "added":
        (tree / "mark").write_text("")
    elif how == "no file":
        os.mkfifo(tree / "pipe")
    elif how == "of no digest":
        tree.with_name(f"{tree.name}.digest").unlink()
    elif how == "of an odd digest":
        tree.with_name(f"{tree.name}.digest").write_bytes(b"\xff")
    else:
        shutil.rmtree(tree)


@pytest.mark.parametrize(
    "how",
    ["deleted", "changed", "added", "no file", "of no digest", "of an odd digest", "all gone"],
)
def test_a_tree_that_is_no_longer_whole_is_made_anew(source: Path, cache: Path, how: str) -> None:
    tree = applied(source, cache, PATCH)
    before = names(tree)
    spoil(tree, how)
    assert applied(source, cache, PATCH) == tree
    assert names(tree) == before
    assert (tree / "run.sh").read_text() == "#!/bin/sh\n"
    assert trees_in(cache) == [tree]


def test_what_killed_processes_have_begun_is_swept(source: Path, cache: Path) -> None:
    tree = applied(source, cache, PATCH)
    spoil(tree, "deleted")
    begun = [cache / f"making-{name}" for name in (tree.name, "a" * 64, "b" * 64)]
    for folder in begun:
        (folder / "web").mkdir(parents=True)
    with FileLock(cache / f"{'b' * 64}.lock"):
        assert applied(source, cache, PATCH) == tree
    assert sorted(trees_in(cache)) == sorted([tree, begun[2]])
