"""The agents in the computers that they are meant for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import docker
import pytest

from swelancer_plugin.agents.code_blocks import CodeBlocks
from swelancer_plugin.agents.tools import Tools
from swelancer_plugin.computers.base_image import BASE_IMAGE
from swelancer_plugin.computers.docker import DockerComputer, DockerProvider
from swelancer_plugin.computers.interface import ComputerSpec, EngineError
from swelancer_plugin.models.limits import Limits
from tests.agents.conftest import WORKDIR, spec_of
from tests.agents.script import play, says
from tests.agents.test_code_blocks import python
from tests.agents.test_tools import SUBMIT, call

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow]


@asynccontextmanager
async def started(client: docker.DockerClient, spec: ComputerSpec) -> AsyncIterator[DockerComputer]:
    computer = await DockerProvider(client).start(spec)
    try:
        yield computer
    finally:
        await computer.cleanup()


async def test_code_blocks(client: docker.DockerClient, python_spec: ComputerSpec) -> None:
    async with started(client, python_spec) as computer:
        script = await play(
            CodeBlocks(),
            computer,
            WORKDIR,
            python("import os\nprint(os.getcwd(), os.listdir())\nx = 1"),
            python(
                "import total, subprocess, time\nprint(total.total(2, 1), 'x' in dir())\n"
                "subprocess.Popen(['sleep', '999'], start_new_session=True)\ntime.sleep(999)"
            ),
            python(
                "import glob\nprint([p for p in glob.glob('/proc/[0-9]*/cmdline')"
                " if b'999' in open(p, 'rb').read()])"
            ),
            python(f"print(len({'é' * 200_000!r}))"),
            python(
                "import pathlib\np = pathlib.Path('total.py')\n"
                "p.write_text(p.read_text().replace('a - b', 'a + b'))"
            )
            + "DONE",
            limits=Limits(command_seconds=20.0),
        )
        assert script.told == [
            f"{WORKDIR} ['total.py']\nTurns left: 39",
            "1 False\n[killed: it ran longer than 20 s]\nTurns left: 38",
            "[]\nTurns left: 37",
            "200000\nTurns left: 36",
        ]
        await computer.freeze()
        changes = await computer.export_changes(WORKDIR, ("__pycache__",))
        (file,) = changes.files
        assert (file.path, file.content) == ("total.py", b"def total(a, b):\n    return a + b\n")
        assert changes.deleted == ()


async def test_short_code_runs_where_the_disk_takes_no_file(
    client: docker.DockerClient, python_spec: ComputerSpec
) -> None:
    async with started(client, python_spec) as computer:
        script = await play(
            CodeBlocks(),
            computer,
            WORKDIR,
            python("import os\nos.rmdir('/tmp')\nopen('/tmp', 'w')"),
            python(f"print(len({'x' * 100_000!r}))"),
            python("import os\nos.unlink('/tmp')\nos.mkdir('/tmp')"),
            python(f"print(len({'x' * 100_000!r}))"),
            "DONE",
        )
        assert "could not be brought into the computer" in script.told[1]
        assert script.told[3] == "100000\nTurns left: 36"


async def test_without_python_no_model_is_asked(client: docker.DockerClient) -> None:
    async with started(client, spec_of(BASE_IMAGE)) as computer:
        with pytest.raises(EngineError, match="add python3 to `packages`"):
            await play(CodeBlocks(), computer, WORKDIR)


async def test_tools_need_no_python(client: docker.DockerClient) -> None:
    async with started(client, spec_of(BASE_IMAGE)) as computer:
        script = await play(
            Tools(),
            computer,
            WORKDIR,
            says("", call("write_file", path="src/run.sh", content="echo one\n")),
            says("", call("shell", command="chmod +x src/run.sh; ln -s src/run.sh link")),
            says("", call("edit_file", path="link", old="one", new="two")),
            says("", call("read_file", path=f"{WORKDIR}/src/run.sh")),
            says("", call("shell", command="./link; readlink link; ls /tmp")),
            says("", call("edit_file", path="/etc/hostname", old="nothing of it", new="x")),
            says("", call("shell", command="head -c 2000000 /dev/urandom; exit 3")),
            says("", call("shell", command="sleep 998", timeout=0.5)),
            says("", call("shell", command="grep -la 998 /proc/[0-9]*/cmdline | grep -v self")),
            SUBMIT,
        )
        said = [text.split("\n\nTurns left")[0] for text in script.told]
        assert said[:5] == [
            "wrote 9 bytes",
            "(no output)",
            "wrote 9 bytes",
            "echo two",
            "two\nsrc/run.sh",
        ]
        assert said[5].startswith("error: `old` is not in the file")
        assert said[6].endswith("[exit code 3]")
        assert len(said[6]) < 16_300
        assert said[7] == "(no output)\n[killed: it ran longer than 0.5 s]"
