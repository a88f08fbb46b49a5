"""What every hidden test of Evenly has beside Playwright's own fixtures."""

from __future__ import annotations

import pytest
from evenly import Evenly
from playwright.sync_api import Page


@pytest.fixture
def evenly(page: Page) -> Evenly:
    """Evenly, open in the browser."""
    return Evenly(page)
