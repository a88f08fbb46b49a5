"""Which server answers for a model's name, and with which key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from swelancer_plugin.models.interface import WrongSetup

Provider: TypeAlias = Literal["openai", "openrouter", "custom"]

OPENAI_URL: Final = "https://api.openai.com/v1"
OPENROUTER_URL: Final = "https://openrouter.ai/api/v1"
NO_KEY: Final = "no-key-needed"
"""What is sent to a server of the user's own where no key is set; local servers want none.

As the value of a key's variable it says the same: this server gets no key.
"""
OWN_KEY: Final = "SWELANCER_API_KEY"
"""The variable with the key of a server of the user's own; without it, OpenAI's is taken."""

_HOSTS: Final[dict[str, Provider]] = {"api.openai.com": "openai", "openrouter.ai": "openrouter"}
_KEY: Final = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model on a server. What is secret is in no repr."""

    model: str
    """The name that the server knows it by."""
    base_url: str
    """Without credentials, so that it may be shown."""
    key: str = field(repr=False)
    provider: Provider
    """``custom`` is any server that was given by URL: its prices are known to its owner alone."""
    name: str = ""
    """The name that ``--model`` gave; reports show it. Empty: the same as `model`."""
    userinfo: str = field(default="", repr=False)
    """``user:password`` of the given URL, for a server behind HTTP basic authentication."""

    @property
    def shown(self) -> str:
        """The name for people: what ``--model`` gave."""
        return self.name or self.model

    @property
    def host(self) -> str:
        """Host and, where one was given, port of the server."""
        return urlsplit(self.base_url).netloc

    @property
    def variable(self) -> str:
        """The environment variable that holds its key; for people."""
        if self.provider == "custom":
            return f"{OWN_KEY} (or, without it, OPENAI_API_KEY)"
        return "OPENROUTER_API_KEY" if self.provider == "openrouter" else "OPENAI_API_KEY"


def endpoint(model: str, base_url: str | None, environment: Mapping[str, str]) -> Endpoint:
    """Return where to ask a model, by the rule of the original for names.

    Without `base_url`: plain names and ``openai/NAME`` are OpenAI's, ``openrouter/VENDOR/NAME`` and
    any other ``VENDOR/NAME`` are OpenRouter's. With it: that server, and the name as it is given.
    Raises WrongSetup, naming the variable to set, for a missing key, for a URL that is none, and
    for one that would carry a key through a network unencrypted.
    """
    name = model.strip()
    if not name or not name.isprintable() or name.endswith("/"):
        raise WrongSetup(f"{model!r:.200} is no name of a model (examples: gpt-4o, openai/gpt-4o)")
    if base_url is not None:
        return _given(name, base_url, environment)
    head, _, rest = name.partition("/")
    if not rest or head == "openai":
        return _known(rest or name, OPENAI_URL, "openai", name, environment)
    served = rest if head == "openrouter" and "/" in rest else name
    return _known(served, OPENROUTER_URL, "openrouter", name, environment)


def _known(
    model: str, url: str, provider: Provider, name: str, environment: Mapping[str, str]
) -> Endpoint:
    bare = Endpoint(model, url, "", provider, name)
    key = _key(bare.variable, environment)
    if key is None:
        raise WrongSetup(
            f"model {name!r} at {bare.host} needs a key: set {bare.variable} in the environment or"
            " in .env (or give the URL of a server of your own)"
        )
    return Endpoint(model, url, key, provider, name)


def _given(name: str, base_url: str, environment: Mapping[str, str]) -> Endpoint:
    parts = _split(base_url)
    userinfo, _, server = parts.netloc.rpartition("@")
    url = parts._replace(netloc=server).geturl().rstrip("/")
    provider = _HOSTS.get((parts.hostname or "").lower(), "custom")
    if provider != "custom":
        found = _known(name, url, provider, name, environment)
    else:
        key = _key(OWN_KEY, environment) or _key("OPENAI_API_KEY", environment) or NO_KEY
        # user and password go in the header that would carry the key
        key = NO_KEY if userinfo else key
        found = Endpoint(name, url, key, "custom", name, unquote(userinfo))
    if found.key != NO_KEY and parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise WrongSetup(
            f"a key would go to {found.host} through the network as plain text: give an https URL,"
            f" or, for a server that wants no key, set {OWN_KEY}={NO_KEY}"
        )
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host.lower() == "localhost"


def _split(base_url: str) -> SplitResult:
    """Take a URL apart. Nothing of a bad one is shown: it may hold a password."""
    wanted = "an http(s) URL such as http://127.0.0.1:8080/v1 is wanted"
    text = base_url.strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or not text.isprintable() or not text.isascii() or " " in text:
        raise WrongSetup(f"the base URL of the model is no URL: {wanted}")
    if parts.query or parts.fragment:
        raise WrongSetup(f"the base URL of the model has a query or fragment: {wanted}")
    return parts


def _key(variable: str, environment: Mapping[str, str]) -> str | None:
    key = environment.get(variable, "").strip()
    if key and _KEY.fullmatch(key) is None:
        raise WrongSetup(f"{variable} holds characters that are in no key: look for a slip in it")
    return key or None
