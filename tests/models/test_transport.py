from __future__ import annotations

from base64 import b64encode

import pytest

from tests.models.asking import BRIEF, KEY, asked
from tests.models.scripted import error

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def test_the_environment_sends_nothing_to_other_servers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
    for name in names:
        monkeypatch.setenv(name, f"of-{name}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    async with asked(["done"]) as (model, server, _):
        await model.ask(BRIEF)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert "of-" not in str(server.headers)


async def test_openai_is_told_the_organization(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    async with asked(["done"], provider="openai") as (model, server, _):
        await model.ask(BRIEF)
    assert server.headers[0]["openai-organization"] == "org-1"


async def test_basic_authentication() -> None:
    basic = b64encode(b"somebody:hunter2hunter2").decode()
    fault = error(500, f"saw Basic {basic} of hunter2hunter2")
    async with asked([fault, "done"], userinfo="somebody:hunter2hunter2") as (model, server, told):
        await model.ask(BRIEF)
    assert server.headers[0]["authorization"] == f"Basic {basic}"
    assert [reason for reason, _ in told] == ["500: saw Basic *** of ***"]
