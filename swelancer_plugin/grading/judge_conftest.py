"""What hidden tests have: in the judge's computer it lies above them, as conftest.py.

`hidden_tests` puts it there; nothing imports it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def app_url() -> str:
    """Where the app answers, without a slash at the end."""
    return os.environ["APP_URL"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Name every test in the JUnit report; write the names down where that is asked for."""
    for item in session.items:
        item.user_properties.append(("nodeid", item.nodeid))
    if names := os.environ.get("SWELANCER_NAMES"):
        Path(names).write_text(json.dumps([item.nodeid for item in session.items]))
