"""pytest's side of the settings table: its options, ini keys, environment and ``.env``.

A relative path is meant from where it is written: in the ini file or ``.env`` from that file's
directory, on the command line and in the environment from where pytest was started.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from swelancer_plugin.settings import API_KEY, OPTIONS, Resolved, SettingsError, resolve

KEYS = ("OPENAI_API_KEY", "OPENROUTER_API_KEY", API_KEY)
_DATASET_VARIABLE = "SWELANCER_DATASET"
_NO_PATH = re.compile(r"[\w+.-]+://|[^/\s]+@[^/\s]+:")
"""How a repository's URL begins, or git's ``user@host:path``."""


def add_options(parser: pytest.Parser) -> None:
    """Add every row of the table as an option and as an ini key."""
    group = parser.getgroup("swelancer", "SWE-Lancer: pay a model for real freelance work")
    for option in OPTIONS:
        if option.kind == "switch":
            group.addoption(
                option.flag, dest=option.ini, action="store_true", default=None, help=option.help
            )
        else:
            group.addoption(
                option.flag,
                dest=option.ini,
                action="append" if option.kind == "list" else "store",
                default=None,
                metavar=option.metavar,
                help=option.help,
            )
        text = f"default of {option.flag}"
        if option.kind == "list":
            parser.addini(option.ini, text, type="linelist", default=None)
        else:
            parser.addini(option.ini, text, type="string", default=None)


def resolve_settings(config: pytest.Config) -> Resolved:
    """Resolve all settings of this session. Raises pytest.UsageError for an unusable value."""
    return _resolve(config, _dotenv(config))


def keys(config: pytest.Config) -> dict[str, str]:
    """Return the API keys that the environment or ``.env`` holds, by variable.

    They stay in this process: no setting, no record and no container ever holds one.
    """
    dotenv = _dotenv(config)
    found = {name: os.environ.get(name) or dotenv.get(name) for name in KEYS}
    return {name: value for name, value in found.items() if value}


def asked_datasets(config: pytest.Config) -> tuple[str, ...]:
    """Return the datasets that this session is to collect.

    Passes over whatever is wrong elsewhere in the environment or in ``.env``: without a dataset
    the session may well have no tasks, and then it is none of our business.
    """
    if not _dataset_asked(config):
        return ()
    resolved = _resolve(config, _dotenv(config, errors="replace"), ["dataset"])
    if resolved.sources.get("dataset", "").startswith(".env"):
        _dotenv(config)  # the path itself may be what can't be decoded
    return resolved.settings.dataset


def _dataset_asked(config: pytest.Config) -> bool:
    """Tell cheaply whether any source could name a dataset; never raises."""
    if config.getoption("swelancer_dataset") or config.getini("swelancer_dataset"):
        return True
    if _DATASET_VARIABLE in os.environ:
        return True
    try:
        return _DATASET_VARIABLE.encode() in _dotenv_bytes(config)
    except OSError:
        return False


def _resolve(config: pytest.Config, dotenv: dict[str, str], only: Collection[str] = ()) -> Resolved:
    command_line = {option.name: config.getoption(option.ini) for option in OPTIONS}
    ini = {option.ini: config.getini(option.ini) for option in OPTIONS}
    try:
        resolved = resolve(command_line, os.environ, dotenv, ini, only)
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from error
    return _anchored(config, _without_idle_dataset(config, resolved))


def _without_idle_dataset(config: pytest.Config, resolved: Resolved) -> Resolved:
    """Drop a dataset that stands in for testpaths where the command line names paths."""
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    if not named or resolved.sources.get("dataset") in (None, "command line"):
        return resolved
    sources = {name: source for name, source in resolved.sources.items() if name != "dataset"}
    return Resolved(replace(resolved.settings, dataset=()), sources)


def _anchored(config: pytest.Config, resolved: Resolved) -> Resolved:
    settings, sources = resolved.settings, resolved.sources
    if (base := _base(config, sources.get("dataset", ""))) is not None:
        settings = replace(settings, dataset=tuple(_from(base, each) for each in settings.dataset))
    base, prices = _base(config, sources.get("price_file", "")), settings.price_file
    if base is not None and prices is not None:
        settings = replace(settings, price_file=_from(base, prices))
    base, repository = _base(config, sources.get("repository", "")), settings.repository
    if base is not None and repository is not None and not _NO_PATH.match(repository):
        settings = replace(settings, repository=_from(base, repository))
    return Resolved(settings, sources)


def _base(config: pytest.Config, source: str) -> Path | None:
    """Return the directory of the file that a value stands in, or None if it stands in none."""
    if source.startswith("ini "):
        return config.rootpath if config.inipath is None else config.inipath.parent
    return config.rootpath if source.startswith(".env ") else None


def _from(base: Path, value: str) -> str:
    return os.path.normpath(base / os.path.expanduser(value))


def _dotenv_path(config: pytest.Config) -> Path:
    return config.rootpath / ".env"


def _dotenv_bytes(config: pytest.Config) -> bytes:
    path = _dotenv_path(config)
    return path.read_bytes() if path.is_file() else b""


def _dotenv(config: pytest.Config, errors: str = "strict") -> dict[str, str]:
    from dotenv import dotenv_values

    try:
        text = _dotenv_bytes(config).decode("utf-8-sig", errors)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise pytest.UsageError(f"can't read {_dotenv_path(config)}: {reason}") from error
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value or "" for name, value in values.items()}
