"""What installing the plugin costs every pytest session: its import, with pytest imported already.

python -m bench.imports
"""

from __future__ import annotations

import statistics
import subprocess
import sys

MODULE = "swelancer_plugin.plugin"


def cumulative() -> float:
    """Return the milliseconds of one import of the plugin, everything that it imports included."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import pytest; import {MODULE}"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("|") for line in done.stderr.splitlines() if "|" in line]
    # A package's own row and its plugin's stand side by side: neither holds the other.
    ours = [row for row in rows if row[2].strip() in ("swelancer_plugin", MODULE)]
    return sum(int(row[1]) for row in ours) / 1000


def main() -> None:
    """Print minimum, median and maximum of several processes."""
    times = [cumulative() for _ in range(9)]
    low, middle, high = min(times), statistics.median(times), max(times)
    print(f"import of the plugin: {middle:.1f} ms (from {low:.1f} to {high:.1f}, 9 processes)")


if __name__ == "__main__":
    main()
