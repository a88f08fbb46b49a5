"""Projects of a user's, made for one test, and pytest run on them as a user would."""

from __future__ import annotations

import os

import pytest

from swelancer_plugin.session.options import KEYS
from tests.acceptance.project import Project


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project with the plugin installed."""
    for name in [name for name in os.environ if name.startswith("SWELANCER_")]:
        monkeypatch.delenv(name)
    return Project(pytester)
