"""pytest's side of the settings table: its options, ini keys, environment and ``.env``."""

from __future__ import annotations

import os

import pytest

from swelancer_plugin.settings import OPTIONS, Resolved, SettingsError, resolve


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
    from dotenv import dotenv_values

    command_line = {option.name: config.getoption(option.ini) for option in OPTIONS}
    ini = {option.ini: config.getini(option.ini) for option in OPTIONS}
    dotenv = dotenv_values(config.rootpath / ".env", interpolate=False)
    try:
        return resolve(
            command_line,
            os.environ,
            {name: value or "" for name, value in dotenv.items()},
            ini,
        )
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from error
