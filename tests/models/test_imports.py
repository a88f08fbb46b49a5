from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil, sys
import swelancer_plugin.models as room
for module in pkgutil.iter_modules(room.__path__):
    importlib.import_module(f"swelancer_plugin.models.{module.name}")
print(sorted({"openai", "httpx2", "genai_prices", "pydantic", "docker"} & set(sys.modules)))
"""


def test_importing_the_room_imports_no_sdk() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
