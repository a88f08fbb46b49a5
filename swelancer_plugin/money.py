"""Money at the edges: cents inside, dollars for people. Ground floor, no I/O."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_DOLLARS = re.compile(r"\$?\s*(?P<number>[0-9][0-9,_]{0,20}(?:\.[0-9]{1,20})?|\.[0-9]{1,20})")
MAX_CENTS = 10**12
"""Ten billion dollars: a larger price is a slip in the data, not a task."""


def dollars(cents: int) -> str:
    """Return cents as people write dollars: ``$1,000``, ``$12.50``, ``-$3``."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}${whole:,}" + (f".{rest:02d}" if rest else "")


def parse_dollars(text: str) -> int:
    """Return the cents of an amount such as ``1000``, ``1000.0``, ``$1,000.50``.

    Raises ValueError for anything else: negative amounts, fractions of a cent,
    exponents, ``nan``, and amounts above `MAX_CENTS`.
    """
    match = _DOLLARS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not an amount of dollars (examples: 250, 1000.50, $1,000)")
    try:
        cents = Decimal(re.sub("[,_]", "", match["number"])) * 100
        whole = int(cents)
    except (InvalidOperation, OverflowError) as error:
        raise ValueError(f"{text!r} is not an amount of dollars") from error
    if cents != whole:
        raise ValueError(f"{text!r} has a fraction of a cent")
    if whole > MAX_CENTS:
        raise ValueError(f"{text!r} is more than {dollars(MAX_CENTS)}")
    return whole
