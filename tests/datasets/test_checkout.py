from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from swelancer_plugin.datasets.checkout import checkout
from swelancer_plugin.datasets.errors import DatasetError


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    """A repository whose second commit is the fix."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
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
