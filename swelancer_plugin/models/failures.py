"""What an error of a server means: ask again, send less, give this conversation up, or the run.

What stands in a server's message may quote the conversation, which an agent's work gets into. So
a code or a named parameter decides first, and of a message no more than its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeAlias

from swelancer_plugin.models.endpoint import Endpoint
from swelancer_plugin.models.interface import ModelError, RequestRefused, WrongSetup
from swelancer_plugin.models.secrets import Scrubber


@dataclass(frozen=True, slots=True)
class Retry:
    """Asking again may help."""

    reason: str
    wait: float | None = None
    """Seconds that the server asks for."""
    billed: bool = False
    """The try may have been charged for: it may have been answered, though not usably."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """The conversation is longer than the model's context window."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoReasoning:
    """The model can't send its reasoning encrypted; the same without asking for it may do."""

    otherwise: ModelError
    """What it means where it was not asked for."""


Verdict: TypeAlias = Retry | TooLong | NoReasoning | ModelError

_BEGINNING: Final = 300
_RETRIED: Final = {408, 409, 429}
_NOT_THERE: Final = {404, 405, 410}
_WRONG_KEY: Final = "invalid_api_key"
_NO_CREDIT: Final = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_WRONG_CODES: Final = {
    "unsupported_parameter",
    "unsupported_value",
    "unknown_parameter",
    "model_not_found",
    _WRONG_KEY,
}
_OURS: Final = {
    "model",
    "temperature",
    "seed",
    "reasoning",
    "reasoning_effort",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "tools",
    "store",
}
"""Parameters that come from the setup of a run, not from a conversation."""
_WRONG_TEXT: Final = re.compile(
    r"(unsupported|unrecognized|unknown|unexpected|not supported|does not support|doesn't support)"
    r".{0,40}(parameter|argument|keyword|field|value)"
    r"|(unsupported|not supported|does not support|doesn't support)"
    r".{0,60}(temperature|seed|reasoning|tools?\b|function|model)"
    r"|(temperature|seed|reasoning|tools?\b|function).{0,60}(not support|unsupported|not allowed)"
    r"|not a valid model|invalid model|model.{0,80}(not found|not exist)|requires --jinja",
    re.IGNORECASE | re.DOTALL,
)
_TOO_LONG_CODES: Final = {"context_length_exceeded", "exceed_context_size_error", "string_too_long"}
_TOO_LONG_TEXT: Final = re.compile(
    r"context.{0,3}length|context.{0,3}window|context.{0,3}size|prompt is too long"
    r"|too many (input )?tokens|input is too long|maximum.{0,20}(?<!_)tokens|reduce the length"
    r"|(prompt|input).{0,60}(exceeds|longer than)",
    re.IGNORECASE | re.DOTALL,
)


def verdict(
    endpoint: Endpoint,
    status: int,
    error: Mapping[str, Any],
    headers: Mapping[str, str],
    proven: bool = False,
) -> Verdict:
    """Return what an answer with this status and this error means.

    `error` is the body's ``error`` object, scrubbed of secrets (`error_of`); of `headers`, keyed in
    lower case, what tells how long to wait is read. `proven` is a setup that the model has answered
    before: then it is the conversation that is refused, whatever the message says (a gateway's
    firewall answers 403, or sends elsewhere, where it reads a script in a prompt), and a refused
    key a slip of the server's. A key that is named as wrong, and credit, are the run's at any time.
    """
    text = one_text(error)
    code, kind = str(error.get("code")), str(error.get("type"))
    where = _where(endpoint)
    if {code, kind} & _NO_CREDIT or status == 402:
        return WrongSetup(f"{where}: no credit is left ({status}: {text}): add some, or take"
                          f" another key for {endpoint.variable}")  # fmt: skip
    if _is_too_long(status, {code, kind}, text[:_BEGINNING]):
        return TooLong(f"{status}: {text}")
    slip = status == 401 and proven and code != _WRONG_KEY
    if status in _RETRIED or status >= 500 or slip:
        return Retry(f"{status}: {text}", _asked_wait(headers))
    final = _final(endpoint, status, error, text, proven)
    about = (str(error.get("param")) + " " + text[:_BEGINNING]).lower()
    if status in (400, 422) and (about.startswith("include") or "encrypted content" in about):
        return NoReasoning(final)
    return final


def _where(endpoint: Endpoint) -> str:
    return f"model {endpoint.shown!r} at {endpoint.host}"


def _final(
    endpoint: Endpoint, status: int, error: Mapping[str, Any], text: str, proven: bool
) -> ModelError:
    where = _where(endpoint)
    said = f"({status}: {text})"
    code = str(error.get("code"))
    parameter = re.split(r"[.\[]", str(error.get("param")))[0]
    if status == 403 and _is_moderation(error):
        return RequestRefused(f"{where}: the conversation is refused {said}")
    if code == _WRONG_KEY or (status in (401, 403) and not proven):
        return WrongSetup(f"{where}: the key is refused {said}: check {endpoint.variable}")
    if proven:
        return RequestRefused(f"{where}: the request is refused {said}")
    if status in _NOT_THERE or code == "model_not_found":
        return WrongSetup(
            f"{where}: no such model there, or no such API {said}: check the model's name and the"
            " server's URL"
        )
    if 300 <= status < 400:
        return WrongSetup(f"{where}: the server sends us elsewhere {said}: give the URL of the API")
    wrong = code in _WRONG_CODES or parameter in _OURS or _WRONG_TEXT.search(text[:_BEGINNING])
    if status in (400, 422) and wrong:
        return WrongSetup(
            f"{where}: the request has what this model does not take {said}: change the model, or"
            " the options of the request"
        )
    return RequestRefused(f"{where}: the request is refused {said}")


def _is_too_long(status: int, codes: set[str], text: str) -> bool:
    if codes & _TOO_LONG_CODES or status == 413:
        return True
    if status == 429:  # more than a minute's quota in one request: no wait makes it fit
        return "request too large" in text.lower()
    return status in (400, 422, 500) and _TOO_LONG_TEXT.search(text) is not None


def _is_moderation(error: Mapping[str, Any]) -> bool:
    """Tell OpenRouter's refusal of one conversation from a key that may not use the model."""
    metadata = error.get("metadata")
    return isinstance(metadata, dict) and bool({"reasons", "flagged_input"} & metadata.keys())


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait for: RFC 9110, 10.2.3, or OpenAI's own."""
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            wait = float(headers.get(header, "")) * unit
        except ValueError:
            continue
        if 0 <= wait < float("inf"):
            return wait
    try:
        when = parsedate_to_datetime(headers.get("retry-after", ""))
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def one_text(error: Mapping[str, Any]) -> str:
    """Return what an error says, with what a provider behind the server said."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    texts = [str(text)[:_BEGINNING] for text in (error.get("message"), raw) if text]
    return " / ".join(texts) or "no reason given"


def error_of(body: bytes, scrubber: Scrubber) -> dict[str, Any]:
    """Return the error object of a body, in the shapes that servers have; never a secret in it."""
    try:
        answer = scrubber.json(body)
    except ValueError:
        answer = {"message": body[:4000].decode("utf-8", "replace")}
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    fields = dict(error) if isinstance(error, dict) else {"message": str(error)[:4000]}
    fields.setdefault("message", fields.get("detail", ""))
    return cleaned(fields, scrubber)


def cleaned(error: Mapping[str, Any], scrubber: Scrubber) -> dict[str, Any]:
    """Return an error object whose texts for people are one line, without secrets."""
    fields = dict(error)
    metadata = fields.get("metadata")
    if isinstance(metadata, dict) and metadata.get("raw"):
        fields["metadata"] = {**metadata, "raw": scrubber.line(str(metadata["raw"])[:4000])}
    message = fields.get("message")
    fields["message"] = scrubber.line(str(message)[:4000]) if message else ""
    return fields
