"""What judging an ic_swe task costs beside its own build, server and tests.

Runs the bundled tasks with `gold` and `nop`, one after the other, in rounds, and adds up the phases
of each record: everything but ``build``, ``serve`` and ``tests`` is machinery. To be
run on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ITS_OWN = ("build", "serve", "tests")


def records(model: str) -> list[dict[str, object]]:
    """Run the bundled ic_swe tasks and return their records."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tasks").symlink_to(ROOT / "tasks")
        ini = "[pytest]\ntestpaths = tasks\nasyncio_default_fixture_loop_scope = function\n"
        (Path(folder) / "pytest.ini").write_text(ini)
        command = (sys.executable, "-m", "pytest", "-q", "-k", "variant==ic_swe", "--model", model)
        subprocess.run(command, cwd=folder, capture_output=True, check=model == "gold")
        paths = Path(folder).glob("reports/2*/tasks/*/*/*/*/attempt.json")
        return [json.loads(path.read_bytes()) for path in sorted(paths)]


def main() -> None:
    """Print a line per model: machinery a task, and the rest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    rounds = parser.parse_args().rounds
    for model in ("gold", "nop"):
        found = [record for _ in range(rounds) for record in records(model)]
        seconds = [dict(record["seconds"]) for record in found]  # type: ignore[call-overload]  # JSON
        machinery = [sum(s for n, s in each.items() if n not in ITS_OWN) for each in seconds]
        rest = [sum(each.get(name, 0) for name in ITS_OWN) for each in seconds]
        paid = sum(record["earned_cents"] == record["price_cents"] for record in found)
        print(
            f"{model}: {len(found)} attempts, {paid} paid; machinery median "
            f"{statistics.median(machinery):.2f} s, worst {max(machinery):.2f} s; "
            f"build, serve and tests median {statistics.median(rest):.2f} s"
        )
        phases = sorted({name for each in seconds for name in each})
        medians = {n: statistics.median(each.get(n, 0) for each in seconds) for n in phases}
        print("  " + ", ".join(f"{name} {spent:.2f}" for name, spent in medians.items()))


if __name__ == "__main__":
    main()
