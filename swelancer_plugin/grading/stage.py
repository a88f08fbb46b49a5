"""What a browser needs in a judge's computer: scripts of ours, recorded traffic, a screen."""

from __future__ import annotations

import io
import shlex
import stat
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swelancer_plugin.computers.interface import checked
from swelancer_plugin.grading.bench import BenchComputer

JUDGE: Final = "/judge"
"""The judge's working directory, which is there."""
OUTPUT: Final = f"{JUDGE}/output"
"""What the browser leaves: videos, traces, screenshots, logs."""
TRAFFIC: Final = "*.har"
"""Files of recorded traffic."""
LIMIT: Final = 64 * 1024 * 1024
"""Bytes of all files for one task."""
START_SECONDS: Final = 120.0
_OURS: Final = {"browser.py": "judge_browser.py", "replay.py": "judge_replay.py"}
_LEFT_OUT: Final = frozenset({"__pycache__", ".pytest_cache"})
_PORTS: Final = (8899, 8898)
"""Of the replay; the second where the app has the first."""
_DISPLAY: Final = 99
# No body counts when a request is looked up: two right fixes may send the same fields in another
# order, and a test can look at what was sent. An answer is given as often as it is asked for.
_START_REPLAY: Final = """
REFUSED={output}/refused.txt setsid mitmdump -s {judge}/replay.py {recorded} \
    --listen-host 127.0.0.1 -p {port} --set connection_strategy=lazy --set upstream_cert=false \
    --set flow_detail=0 --set onboarding=false --set rawtcp=false --set body_size_limit=32m \
    --set server_replay_extra=kill --set server_replay_reuse=true \
    --set server_replay_ignore_content=true >{output}/replay.log 2>&1 </dev/null &
echo {port} >{judge}/replay.port
echo $! >{judge}/replay.pid"""
_START_DISPLAY: Final = """
setsid Xvfb :{display} -screen 0 1920x1080x24 -nolisten tcp >{output}/display.log 2>&1 </dev/null &
echo $! >{judge}/display.pid"""
# What ended before it answered says why in its log.
_AWAIT: Final = """
cd {judge} || exit
await() {{
    [ -f "$1.pid" ] || return 0
    until eval "$2" 2>/dev/null; do
        kill -0 "$(cat "$1.pid")" || {{ cat output/"$1.log"; return 1; }}
        sleep 0.05
    done
}}
await replay '(echo >/dev/tcp/127.0.0.1/$(cat replay.port))' &&
    await display '[ -S /tmp/.X11-unix/X{display} ]'
"""


_PROOF: Final = f"""cd {JUDGE} && python3 -c '
import browser
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    playwright.chromium.launch(**browser.launch_arguments()).close()
'"""


@dataclass(frozen=True, slots=True)
class Packed:
    """Files that are ready to be brought into a judge's computer."""

    archive: bytes
    traffic: tuple[str, ...] = ()
    """Absolute paths there of recorded traffic."""


class Archive:
    """A tar archive in the making: regular files, and no others."""

    def __init__(self) -> None:
        """Begin with our own scripts for the browser."""
        self._bytes = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._bytes, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed by `content`
        for name, script in _OURS.items():
            self.add(name, Path(__file__).with_name(script).read_bytes())

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._bytes.tell()

    def add(self, name: str, content: bytes) -> None:
        """Add a file."""
        header = tarfile.TarInfo(name)
        header.size, header.mode = len(content), 0o644
        header.mtime = 1  # mitmproxy never loads a script of time 0
        self._tar.addfile(header, io.BytesIO(content))

    def content(self) -> bytes:
        """Return the archive; nothing can be added any more."""
        self._tar.close()
        return self._bytes.getvalue()


def _files_below(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yield the regular files below a directory of the host, each with its relative name.

    Raises OSError for anything else in there, and for no directory.
    """
    if not directory.is_dir():
        raise OSError(f"{directory} is no directory")
    for path in sorted(directory.rglob("*")):
        mode = path.lstat().st_mode
        below = path.relative_to(directory)
        if _LEFT_OUT.intersection(below.parts) or stat.S_ISDIR(mode):
            continue
        if not stat.S_ISREG(mode):
            raise OSError(f"{path} is a link or no file; put a regular file there")
        yield below.as_posix(), path


def pack(directories: Iterable[Path], folder: str, scripts: Mapping[str, Path]) -> Packed:
    """Return what lies below some directories of the host, for a folder of `JUDGE`, with scripts.

    Two directories are one: no name may be in both. Raises OSError, ValueError.
    """
    archive, names = Archive(), set[str]()
    for name, script in scripts.items():
        archive.add(name, script.read_bytes())
    for directory in directories:
        for name, path in _files_below(directory):
            if name in names:
                raise OSError(f"two of its directories have a file {name}")
            names.add(name)
            archive.add(f"{folder}/{name}", path.read_bytes())
            if archive.size > LIMIT:
                raise OSError(f"they have more than {LIMIT} bytes")
    traffic = sorted(f"{JUDGE}/{folder}/{name}" for name in names if Path(name).match(TRAFFIC))
    return Packed(archive.content(), tuple(traffic))


async def prove_browser(judge: BenchComputer) -> None:
    """Start a browser and end it, once our scripts are there. Raises CommandError, ComputerGone."""
    checked(_PROOF, await judge.send_shell_command(_PROOF, timeout=START_SECONDS))


async def start(
    judge: BenchComputer, traffic: Iterable[str], app_port: int, headed: bool
) -> dict[str, str]:
    """Start what the browser needs, wait until it answers, and return variables that tell of it.

    `traffic` are absolute paths in the computer; without any there is no replay, and no network
    but the app. Raises CommandError, ComputerGone.
    """
    script = f"mkdir -p {OUTPUT}"
    variables = {"OUTPUT": OUTPUT, "APP_URL": f"http://127.0.0.1:{app_port}"}
    port = next(port for port in _PORTS if port != app_port)
    options = " ".join(f"-S {shlex.quote(path)}" for path in traffic)
    if options:
        script += _START_REPLAY.format(judge=JUDGE, output=OUTPUT, recorded=options, port=port)
        variables["REPLAY_URL"] = f"http://127.0.0.1:{port}"
    if headed:
        script += _START_DISPLAY.format(judge=JUDGE, display=_DISPLAY, output=OUTPUT)
        variables["DISPLAY"] = f":{_DISPLAY}"
    script += _AWAIT.format(judge=JUDGE, display=_DISPLAY)
    command = shlex.join(["bash", "-c", script])
    checked(command, await judge.send_shell_command(command, timeout=START_SECONDS))
    return variables
