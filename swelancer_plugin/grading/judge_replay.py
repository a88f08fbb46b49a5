"""An addon of mitmproxy, in the judge's computer: what was not recorded is refused and listed.

`hidden_tests` puts it there; nothing imports it. Recorded answers come from mitmproxy's own server
replay (https://docs.mitmproxy.org/stable/concepts/options/#server_replay). The requests come from
the app's pages, so the list is bounded: each once, and not for ever.
"""

from __future__ import annotations

import os
from typing import Final

from mitmproxy import http

REQUESTS: Final = 500
CHARACTERS: Final = 500
"""Of an address."""


class Refused:
    """Lists the requests that got no recorded answer."""

    def __init__(self) -> None:
        self._listed: set[str] = set()

    def error(self, flow: http.HTTPFlow) -> None:
        """Take note of a request that server replay has killed."""
        line = f"{flow.request.method} {flow.request.pretty_url}"[:CHARACTERS]
        if flow.response is None and line not in self._listed and len(self._listed) < REQUESTS:
            self._listed.add(line)
            with open(os.environ["REFUSED"], "a", encoding="ascii", errors="replace") as file:
                print(repr(line)[1:-1], file=file)


addons = [Refused()]
