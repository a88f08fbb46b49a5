from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.computers.interface import Changes, TreeFile
from swelancer_plugin.grading import diff
from swelancer_plugin.grading.diff import readable_diff


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "web").mkdir(parents=True)
    (source / "a.js").write_text("".join(f"line {n}\n" for n in range(1, 31)))
    (source / "web/b.js").write_text("b\n")
    (source / "web/c.js").write_text("c")
    (source / "link").symlink_to("web/b.js")
    (source / "large").write_bytes(b"x" * 600_000)
    return source


def changed(source: Path | None, *files: TreeFile, deleted: tuple[str, ...] = ()) -> str:
    return readable_diff(source, Changes(files, deleted))


def test_changed_lines(source: Path) -> None:
    content = (source / "a.js").read_bytes().replace(b"line 5\n", b"line five\nmore\n")
    content = content.replace(b"line 29\n", b"").replace(b"line 30\n", b"line 30")
    assert changed(source, TreeFile("a.js", content, executable=True)) == (
        "diff a/a.js b/a.js\n"
        "old mode 100644\n"
        "new mode 100755\n"
        "--- a/a.js\n"
        "+++ b/a.js\n"
        "@@ -2,7 +2,8 @@\n"
        " line 2\n line 3\n line 4\n-line 5\n+line five\n+more\n line 6\n line 7\n line 8\n"
        "@@ -26,5 +27,4 @@\n"
        " line 26\n line 27\n line 28\n-line 29\n-line 30\n+line 30\n"
        "\\ No newline at end of file\n"
    )


def test_new_deleted_and_links(source: Path) -> None:
    files = (TreeFile("link", b"a.js", link=True), TreeFile("new", b"1\n2\n"))
    assert changed(source, *files, deleted=("web",)) == (
        "diff a/web/b.js b/web/b.js\ndeleted file mode 100644\n"
        "--- a/web/b.js\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-b\n"
        "diff a/web/c.js b/web/c.js\ndeleted file mode 100644\n"
        "--- a/web/c.js\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-c\n\\ No newline at end of file\n"
        "diff a/link b/link\n--- a/link\n+++ b/link\n@@ -1,1 +1,1 @@\n"
        "-web/b.js\n\\ No newline at end of file\n+a.js\n\\ No newline at end of file\n"
        "diff a/new b/new\nnew file mode 100644\n"
        "--- /dev/null\n+++ b/new\n@@ -0,0 +1,2 @@\n+1\n+2\n"
    )


def test_without_a_source_all_is_new() -> None:
    assert changed(None, TreeFile("a", b"x\n"), TreeFile("b", b"")) == (
        "diff a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n@@ -0,0 +1,1 @@\n+x\n"
        "diff a/b b/b\nnew file mode 100644\n"
    )


def test_what_is_no_text_is_said(source: Path) -> None:
    for content in (b"\0", b"\xff", b"y" * 600_000):
        said = f"Not shown: binary, or too large. Now it has {len(content):,} bytes.\n"
        assert changed(source, TreeFile("a.js", content)).endswith(said)
    assert "Now it has 2 bytes." in changed(source, TreeFile("large", b"x\n"))
    assert "Now it has nothing." in changed(source, deleted=("large",))


def test_hostile_text_is_only_shown(source: Path) -> None:
    content = "\x1b[31m\r\n\u202eevil\x0b\x85\u2028 ünï ☃\t🙂\n".encode()
    shown = changed(source, TreeFile("\n--- a/x\x1b", content))
    assert shown == (
        "diff a/\\n--- a/x\\x1b b/\\n--- a/x\\x1b\nnew file mode 100644\n"
        "--- /dev/null\n+++ b/\\n--- a/x\\x1b\n@@ -0,0 +1,2 @@\n"
        "+\\x1b[31m␍\n+\\u202eevil\\x0b\\x85\\u2028 ünï ☃\t🙂\n"
    )


def test_a_long_diff_is_cut(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff, "MAX_CHARACTERS", 500)
    files = tuple(TreeFile(f"{n}", b"x\n" * 50) for n in range(9))
    shown = readable_diff(source, Changes(files, left_out=("'p': is no file\x1b",)))
    assert shown.count("diff a/") == 2
    assert shown.endswith("is too long.\nLeft out: 'p': is no file\\x1b\n")


def test_files_that_cost_too_much_are_compared_roughly(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff, "MAX_WORK", 3)
    content = (source / "a.js").read_bytes()
    content = content.replace(b"line 5\n", b"five\n").replace(b"line 7\n", b"seven\n")
    assert changed(source, TreeFile("a.js", content)).endswith(
        " line 4\n-line 5\n-line 6\n-line 7\n+five\n+line 6\n+seven\n line 8\n line 9\n line 10\n"
    )


lines = st.lists(st.sampled_from(["a", "b", "c", "", "\r", "d d"]), max_size=30)


@given(lines, lines, st.booleans(), st.integers(0, 200))
def test_git_applies_what_is_shown(
    tmp_path_factory: pytest.TempPathFactory,
    old: list[str],
    new: list[str],
    ends: bool,
    work: int,
) -> None:
    before = "".join(f"{line}\n" for line in old).replace("\r", "x")
    after = "".join(f"{line}\n" for line in new).replace("\r", "x") + ("" if ends else "end")
    tree = tmp_path_factory.mktemp("tree")
    (tree / "f").write_text(before)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "MAX_WORK", work)
        shown = changed(tree, TreeFile("f", after.encode()))
    if before != after:
        command = ["git", "apply", "--whitespace=nowarn", "-"]
        subprocess.run(command, input=shown, text=True, cwd=tree, check=True)
    assert (tree / "f").read_text() == after
