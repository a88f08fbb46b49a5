"""Where settings come from in a session: which file's directory a path is meant from, and .env."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swelancer_plugin.session.options import asked_datasets, resolve_settings
from swelancer_plugin.settings import Settings

LATIN = "SWELANCER_SPLIT=é\n".encode("latin-1")


@pytest.fixture
def root(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's root, with pytest started in its folder `sub`."""
    for name in [name for name in os.environ if name.startswith("SWELANCER_")]:
        monkeypatch.delenv(name)
    pytester.makeini("[pytest]\n")
    pytester.mkdir("sub")
    monkeypatch.chdir(pytester.path / "sub")
    return pytester.path


def settings_of(pytester: pytest.Pytester, *arguments: str) -> Settings:
    return resolve_settings(pytester.parseconfig(*arguments)).settings


def place(root: Path, source: str, name: str, value: str, patch: pytest.MonkeyPatch) -> list[str]:
    """Give a setting in one of four places; return the arguments that this takes."""
    if source == "ini":
        (root / "tox.ini").write_text(f"[pytest]\nswelancer_{name} = {value}\n")
    elif source == ".env":
        (root / ".env").write_text(f"SWELANCER_{name.upper()}={value}\n")
    elif source == "environment":
        patch.setenv(f"SWELANCER_{name.upper()}", value)
    return [f"--{name}={value}"] if source == "command line" else []


@pytest.mark.parametrize("source", ["ini", ".env", "environment", "command line"])
@pytest.mark.parametrize("name", ["dataset", "repository"])
def test_a_relative_path_is_meant_from_where_it_is_written(
    pytester: pytest.Pytester, root: Path, source: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = place(root, source, name, "../data/x", monkeypatch)
    value = getattr(settings_of(pytester, *arguments), name)
    expected = str(root.parent / "data" / "x") if source in {"ini", ".env"} else "../data/x"
    assert value == ((expected,) if name == "dataset" else expected)


@pytest.mark.parametrize(
    ("value", "stays"),
    [
        ("https://github.com/Expensify/App.git", True),
        ("file:///srv/app", True),
        ("git@github.com:Expensify/App.git", True),
        ("/srv/app", True),
        ("my@checkout", False),
        ("work/me@host:x", False),
        ("app", False),
    ],
)
def test_only_a_path_to_a_repository_is_meant_from_somewhere(
    pytester: pytest.Pytester, root: Path, value: str, stays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(root, "ini", "repository", value, monkeypatch)
    repository = settings_of(pytester).repository
    assert repository == (value if stays else str(root / value))


def test_the_home_directory_is_meant_by_a_tilde(
    pytester: pytest.Pytester, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(root, ".env", "repository", "~/app", monkeypatch)
    assert settings_of(pytester).repository == os.path.expanduser("~/app")


@pytest.mark.parametrize("source", ["ini", ".env", "environment", "command line"])
def test_only_the_command_lines_dataset_adds_to_paths(
    pytester: pytest.Pytester, root: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = place(root, source, "dataset", "x.csv", monkeypatch)
    assert len(asked_datasets(pytester.parseconfig(*arguments))) == 1
    config = pytester.parseconfig(*arguments, str(root))
    count = 1 if source == "command line" else 0
    assert len(asked_datasets(config)) == count
    resolved = resolve_settings(config)
    assert (len(resolved.settings.dataset), "dataset" in resolved.sources) == (count, bool(count))


@pytest.mark.parametrize(
    "text",
    [LATIN, LATIN + b"# SWELANCER_DATASET=x.csv\n", b"SWELANCER_FOO=1\n#SWELANCER_DATASET=\n"],
)
def test_without_a_dataset_nothing_in_dotenv_matters(
    pytester: pytest.Pytester, root: Path, text: bytes
) -> None:
    (root / ".env").write_bytes(text)
    assert asked_datasets(pytester.parseconfig()) == ()
    with pytest.raises(pytest.UsageError):
        resolve_settings(pytester.parseconfig())


def test_a_dotenv_that_cannot_be_decoded_is_named(pytester: pytest.Pytester, root: Path) -> None:
    (root / ".env").write_bytes(LATIN)
    with pytest.raises(pytest.UsageError) as caught:
        resolve_settings(pytester.parseconfig())
    assert str(caught.value) == f"can't read {root / '.env'}: it is not UTF-8"
    (root / ".env").write_bytes(b"SWELANCER_DATASET=\xe9.csv\n")
    with pytest.raises(pytest.UsageError, match="it is not UTF-8"):
        asked_datasets(pytester.parseconfig())


def test_a_dotenv_may_be_a_directory_or_begin_with_a_mark(
    pytester: pytest.Pytester, root: Path
) -> None:
    (root / ".env").mkdir()
    assert settings_of(pytester) == Settings()
    (root / ".env").rmdir()
    (root / ".env").write_bytes(b"\xef\xbb\xbfSWELANCER_MODEL=nop\r\nSWELANCER_ATTEMPTS=2\r\n")
    settings = settings_of(pytester)
    assert (settings.model, settings.attempts) == ("nop", 2)
