"""Keeps keys out of every text that people, files or models get to see."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final

from swelancer_plugin.datasets.errors import one_line
from swelancer_plugin.models.endpoint import NO_KEY, Endpoint

_MASK: Final = "***"
_WORD: Final = r"[^\s\"'<>]"
# Counts are bounded, so that no text makes a search take long.
_ECHO: Final = re.compile(rf"{_WORD}{{0,99}}\*{{2,99}}{_WORD}{{0,99}}|\bsk-{_WORD}{{3,200}}")
"""How servers echo a key: with stars in its midst, or cut short behind its usual beginning."""
_MESSAGE: Final = 4000
"""Characters of a server's message that are looked at."""
_DEPTH: Final = 100
"""Levels of objects and lists that an answer may have; a reply has about ten."""
_LONG: Final = 12
"""A secret of fewer characters can't be told from ordinary text: a reply may hold it by chance."""


class Scrubber:
    """Replaces the secrets of an endpoint, and what echoes a part of them."""

    def __init__(self, endpoint: Endpoint) -> None:
        userinfo = endpoint.userinfo
        password = userinfo.partition(":")[2]
        basic = b64encode(userinfo.encode()).decode()
        key = endpoint.key if endpoint.key != NO_KEY else ""
        secrets = sorted({key, userinfo, password, basic} - {""}, key=len, reverse=True)
        self._long = [secret for secret in secrets if len(secret) >= _LONG]
        texts = [_WORD + "{0,200}" + re.escape(secret[-4:]) + r"\b" for secret in self._long]
        texts += [re.escape(secret[:8]) + _WORD + "{0,200}" for secret in self._long]
        self._texts = [re.compile(text) for text in [*map(re.escape, secrets), *texts]]

    def line(self, text: str) -> str:
        """Return one bounded line of a message of a server's, with nothing of a secret in it."""
        text = text[:_MESSAGE]
        for pattern in [*self._texts, _ECHO]:
            text = pattern.sub(_MASK, text)
        return one_line(text.encode("utf-8", "replace").decode())

    def json(self, body: bytes) -> object:
        """Return what a JSON text says, without secrets and in characters that UTF-8 can carry.

        Raises ValueError where it is no JSON, or JSON that could not be sent back: nested without
        end, or with numbers that JSON does not have.
        """
        try:
            plain = json.dumps(json.loads(body.decode("utf-8", "replace")), ensure_ascii=False)
            # the secrets as JSON spells them, in a text where no escape can hide them
            for secret in self._long:
                plain = plain.replace(json.dumps(secret)[1:-1], _MASK)
            answer: object = json.loads(plain.encode("utf-8", "replace"), parse_constant=_refuse)
        except RecursionError:
            raise ValueError("JSON that is nested too deeply") from None
        _refuse_depth(answer)
        return answer


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no number in JSON")


def _refuse_depth(answer: object) -> None:
    level = [answer]
    for _ in range(_DEPTH):
        level = [child for each in level for child in _children(each)]
        if not level:
            return
    raise ValueError("JSON that is nested too deeply")


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
