from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swelancer_plugin.models.endpoint import NO_KEY, Endpoint, endpoint
from swelancer_plugin.models.interface import WrongSetup

KEYS = {"OPENAI_API_KEY": "sk-openai", "OPENROUTER_API_KEY": "sk-or-router"}
OPENAI = "https://api.openai.com/v1"
ROUTER = "https://openrouter.ai/api/v1"
LOCAL = "http://127.0.0.1:8080/v1"


@pytest.mark.parametrize(
    ("name", "base_url", "model", "url", "key", "provider"),
    [
        ("gpt-4o", None, "gpt-4o", OPENAI, "sk-openai", "openai"),
        ("openai/gpt-4o", None, "gpt-4o", OPENAI, "sk-openai", "openai"),
        ("openrouter/a/b", None, "a/b", ROUTER, "sk-or-router", "openrouter"),
        ("openrouter/openai/gpt-4o", None, "openai/gpt-4o", ROUTER, "sk-or-router", "openrouter"),
        ("openrouter/auto", None, "openrouter/auto", ROUTER, "sk-or-router", "openrouter"),
        ("vendor/name:free", None, "vendor/name:free", ROUTER, "sk-or-router", "openrouter"),
        ("openai/gpt-4o", LOCAL + "/", "openai/gpt-4o", LOCAL, "sk-openai", "custom"),
        ("openrouter/a/b", LOCAL, "openrouter/a/b", LOCAL, "sk-openai", "custom"),
        ("a/b", ROUTER, "a/b", ROUTER, "sk-or-router", "openrouter"),
        ("gpt-4o", OPENAI, "gpt-4o", OPENAI, "sk-openai", "openai"),
    ],
)
def test_names_and_urls(
    name: str, base_url: str | None, model: str, url: str, key: str, provider: str
) -> None:
    found = endpoint(name, base_url, KEYS)
    assert (found.model, found.base_url, found.key, found.provider) == (model, url, key, provider)
    assert found.name == found.shown == name


def test_the_environment_s_base_url_is_not_taken() -> None:
    found = endpoint("gpt-4o", None, {**KEYS, "OPENAI_BASE_URL": "http://elsewhere/v1"})
    assert found.base_url == OPENAI


def test_a_server_of_one_s_own_wants_no_key() -> None:
    assert endpoint("llama", LOCAL, {}).key == NO_KEY


OWN = {**KEYS, "SWELANCER_API_KEY": "sk-own"}


@pytest.mark.parametrize(
    ("url", "environment", "key"),
    [
        (LOCAL, OWN, "sk-own"),
        ("https://host/v1", OWN, "sk-own"),
        ("https://host/v1", {**KEYS, "SWELANCER_API_KEY": " "}, "sk-openai"),
        ("http://localhost:1/v1", KEYS, "sk-openai"),
        ("http://[::1]:1/v1", OWN, "sk-own"),
        ("http://127.9.9.9/v1", OWN, "sk-own"),
        ("http://host/v1", {}, NO_KEY),
        ("http://host/v1", {**KEYS, "SWELANCER_API_KEY": NO_KEY}, NO_KEY),
        ("http://me:word@host/v1", KEYS, NO_KEY),
        (ROUTER, OWN, "sk-or-router"),
        (OPENAI, OWN, "sk-openai"),
    ],
)
def test_which_key_goes_where(url: str, environment: dict[str, str], key: str) -> None:
    assert endpoint("llama", url, environment).key == key


@pytest.mark.parametrize(
    "url",
    [
        "http://host:8000/v1",
        "HTTP://10.0.0.1/v1",
        "http://[fe80::1]/v1",
        "http://localhost.example/v1",
        "http://127.0.0.1.example/v1",
        "http://api.openai.com/v1",
        "http://openrouter.ai/api/v1",
    ],
)
def test_no_key_goes_through_a_network_as_plain_text(url: str) -> None:
    with pytest.raises(WrongSetup, match=r"give an https URL, or, .* set SWELANCER_API_KEY=no-key"):
        endpoint("llama", url, OWN)


@pytest.mark.parametrize(
    ("name", "base_url", "variable"),
    [
        ("gpt-4o", None, "OPENAI_API_KEY"),
        ("openrouter/a/b", None, "OPENROUTER_API_KEY"),
        ("a/b", ROUTER, "OPENROUTER_API_KEY"),
    ],
)
def test_a_missing_key_is_named(name: str, base_url: str | None, variable: str) -> None:
    others = {key: value for key, value in KEYS.items() if key != variable}
    with pytest.raises(WrongSetup, match=rf"set {variable} in the environment or in \.env"):
        endpoint(name, base_url, {**others, variable: "  "})


@pytest.mark.parametrize("key", ["sk-\u2026", "two words", "sk-\x07", "x" * 5000])
def test_a_key_that_is_none_is_not_shown(key: str) -> None:
    with pytest.raises(WrongSetup, match="OPENAI_API_KEY holds characters") as caught:
        endpoint("gpt-4o", None, {"OPENAI_API_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8080",
        "ftp://host/v1",
        "http://",
        "",
        "http://u:hunter2@[::1/v1",
        "http://u:hunter2@host:99999/v1",
        "http://u:hunter2@host/v 1",
        "http://u:hunter2@h\u00f6st/v1",
        "http://host/v1?key=hunter2",
        "http://host/v1#hunter2",
        "file:///etc/passwd",
    ],
)
def test_a_url_that_is_none_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(WrongSetup, match=r"an http\(s\) URL such as") as caught:
        endpoint("llama", url, {})
    assert "hunter2" not in str(caught.value)


def test_credentials_of_a_url_are_kept_apart() -> None:
    found = endpoint("llama", "https://me:hunter%322@host:8443/v1", {})
    assert (found.base_url, found.host) == ("https://host:8443/v1", "host:8443")
    assert found.userinfo == "me:hunter22"
    assert "hunter" not in repr(found)


@pytest.mark.parametrize("name", ["", " ", "openai/", "a\nb", "openrouter/"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(WrongSetup, match="is no name of a model"):
        endpoint(name, None, KEYS)


@given(st.text(), st.none() | st.text(), st.text(), st.text())
def test_anything_is_an_endpoint_or_wrong_setup(
    name: str, url: str | None, key: str, other: str
) -> None:
    try:
        found = endpoint(name, url, {"OPENAI_API_KEY": key, "OPENROUTER_API_KEY": other})
    except WrongSetup:
        return
    assert isinstance(found, Endpoint)
    assert found.host


def test_no_key_in_a_repr() -> None:
    assert "sk-" not in repr(endpoint("gpt-4o", None, KEYS))
