"""A whole benchmark run against the bare loop over the engine, in turn, in the same minutes.

    SWELANCER_DATA_DIR=... python -m bench.manager_tasks --rounds 3

Both are whole commands, from process start to process end: pytest's own start, collection in every
worker, reports and clean-up are in the first figure.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.bare_loop import timed

LIST = "all_swelancer_tasks.csv"


def pytest_command(at_once: int, folder: Path) -> list[str]:
    """Return the run of all manager tasks of the official list."""
    dataset = Path(os.environ["SWELANCER_DATA_DIR"]) / LIST
    return [
        *(sys.executable, "-m", "pytest", f"--rootdir={folder}", f"--dataset={dataset}"),
        *("--model=longest", "--without-repository", "-k", "variant==swe_manager"),
        *("-n", str(at_once), "-q", "-p", "no:cacheprovider"),
    ]


def earned_by(output: str) -> str:
    """Return what a run says that it earned."""
    found = re.search(r"Earned (\S+) of (\S+)", output)
    assert found is not None, output[-3000:]
    return f"{found[1]} of {found[2]}"


def main() -> None:
    """Print each round, and the median of the ratios pair by pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    bare = [sys.executable, "-m", "bench.bare_loop", f"--at-once={options.at_once}"]
    ratios = []
    for number in range(1, options.rounds + 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = pytest_command(options.at_once, folder)
            # Else pytest-asyncio warns in every process.
            ini = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
            (folder / "pytest.ini").write_text(ini)
            output = folder / "output.txt"
            with output.open("wb") as file:
                ours = timed(
                    lambda: subprocess.run(command, stdout=file, cwd=folder, check=False)  # noqa: B023  # called at once
                )
            earned = earned_by(output.read_text())
        floor = timed(lambda: subprocess.run(bare, stdout=subprocess.DEVNULL, check=True))
        ratios.append(ours / floor)
        rate = 265 / ours * 60
        print(
            f"round {number}: pytest {ours:.1f} s ({rate:.0f} tasks a minute, {earned}), "
            f"bare loop {floor:.1f} s ({265 / floor * 60:.0f} a minute), ratio {ratios[-1]:.2f}",
            flush=True,
        )
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
