"""What a call of a model costs, and how much it can read: the user's table, then a bundled one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swelancer_plugin.datasets.errors import one_line
from swelancer_plugin.models.endpoint import Endpoint, Provider
from swelancer_plugin.models.interface import Usage

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation
    from pydantic import ValidationError

MAX_FILE: Final = 1024 * 1024
"""Bytes of a price file."""
MAX_PRICE: Final = 10**6
"""Dollars for a million tokens: a larger price is a slip."""
_MILLION: Final = Decimal(10**6)


class PriceFileError(ValueError):
    """A price file that can't be used; the message names file, model and key."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens of one model, and its context window in tokens."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    """None: the same as `input`."""
    context_window: int | None = None

    def cost(self, usage: Usage) -> Decimal:
        """Return the dollars of a call."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_tokens
        parts = (
            fresh * self.input,
            usage.cached_tokens * cached,
            usage.output_tokens * self.output,
        )
        return sum(parts, Decimal(0)) / _MILLION


@dataclass(frozen=True, slots=True)
class Prices:
    """Looks up models by name: as ``--model`` gave it, then as the server knows it."""

    table: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def load(cls, price_file: Path | None) -> Prices:
        """Return the prices of a TOML file, before the bundled ones; without a file, those alone.

        A table for each model, in dollars for a million tokens::

            ["gpt-4o"]
            input = 2.50
            cached_input = 1.25     # without it: the same as input
            output = 10.00
            context_window = 128000 # in tokens; may be left out

        Raises PriceFileError, naming the file and, where they are known, the model and the key.
        """
        if price_file is None:
            return cls()
        from pydantic import ValidationError

        try:
            with price_file.open("rb") as file:
                data = file.read(MAX_FILE + 1)
            if len(data) > MAX_FILE:
                raise ValueError(f"is larger than {MAX_FILE} bytes")
            # as Decimal, so that 0.1 is 0.1
            tables = tomllib.loads(data.decode(), parse_float=Decimal)
            return cls(_rows(tables))
        except ValidationError as error:
            raise PriceFileError(one_line(f"{price_file}: {_explained(error)}")) from None
        except OSError as error:
            raise PriceFileError(one_line(f"{price_file}: {error.strerror or error}")) from None
        except (ValueError, RecursionError, ArithmeticError) as error:
            raise PriceFileError(one_line(f"{price_file}: is no price file: {error}")) from None

    def cost(self, endpoint: Endpoint, usage: Usage) -> Decimal | None:
        """Return the dollars of a call; None, never 0, where price or usage are not known."""
        if not usage.total:
            return None
        own = self._own(endpoint)
        if own is not None:
            return own.cost(usage)
        known = _bundled(endpoint, usage)
        if known is None or known.model_price.input_mtok is None:
            return None
        return None if known.model_price.output_mtok is None else known.total_price

    def window(self, endpoint: Endpoint) -> int | None:
        """Return the tokens that the model can read and write in one call; None if not known."""
        own = self._own(endpoint)
        if own is not None and own.context_window is not None:
            return own.context_window
        return _bundled_window(endpoint.model, endpoint.provider)

    def _own(self, endpoint: Endpoint) -> Price | None:
        return self.table.get(endpoint.shown) or self.table.get(endpoint.model)


def _bundled(endpoint: Endpoint, usage: Usage) -> PriceCalculation | None:
    """Look a model up in the data that genai-prices carries; nothing is fetched.

    Never for a server of the user's own: a local model that calls itself gpt-4o costs nothing.
    """
    if endpoint.provider == "custom":
        return None
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    counted = Counted(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        return calc_price(counted, endpoint.model, provider_id=endpoint.provider)
    except (LookupError, ValueError):
        return None


@cache
def _bundled_window(model: str, provider: Provider) -> int | None:
    known = _bundled(Endpoint(model, "", "", provider), Usage())
    return known.model.context_window if known is not None else None


def _rows(tables: Mapping[str, Any]) -> dict[str, Price]:
    from typing import Annotated

    from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

    def exact(value: object) -> object:
        return Decimal(value) if type(value) is int else value

    class Row(BaseModel):
        model_config = ConfigDict(strict=True, extra="forbid")
        input: Annotated[Decimal, BeforeValidator(exact), Field(ge=0, le=MAX_PRICE)]
        output: Annotated[Decimal, BeforeValidator(exact), Field(ge=0, le=MAX_PRICE)]
        cached_input: Annotated[
            Decimal | None, BeforeValidator(exact), Field(ge=0, le=MAX_PRICE)
        ] = None
        context_window: Annotated[int, Field(ge=1, le=10**9)] | None = None

    rows = TypeAdapter(dict[str, Row]).validate_python(tables)
    return {name: Price(**row.model_dump()) for name, row in rows.items()}


def _explained(error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    # [gpt-4.1] without quotes is a table "1" in a table "gpt-4", which then lacks its keys too
    nested = [
        p for p in problems if p["type"] == "extra_forbidden" and isinstance(p["input"], dict)
    ]
    problem = (nested or problems)[0]
    hint = ": a name with a dot or a slash wants quotes" if nested else ""
    return f"{': '.join(str(part) for part in problem['loc'])}: {problem['msg']}{hint}"
