"""A scripted OpenAI-compatible server on loopback, for tests of whatever asks a model.

with ScriptedServer(["first reply", RATE_LIMITED, Say("done")]) as server: ...
with ScriptedServer(lambda request: "a reply by the conversation") as server: ...

Speaks /v1/chat/completions and /v1/responses. A script that is over answers 400.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Say:
    """A reply. `calls` are names of tools with their arguments (JSON text, or what becomes it)."""

    content: Any = ""
    calls: Sequence[tuple[str, Any]] = ()
    cached: int = 0
    reasoning: int = 0
    cut: bool = False
    cost: Any = None
    """OpenRouter's ``usage.cost``."""
    thought: str | None = None
    """Of the responses API: the encrypted reasoning."""
    usage: Mapping[str, Any] | None = None
    """Instead of the count by the text's length."""
    held: bool = False
    """As `Answer.held`."""


@dataclass(frozen=True)
class Answer:
    """Any HTTP answer, good or bad."""

    status: int = 200
    body: bytes | Mapping[str, Any] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: float = 1.0
    """The share of the answer that is sent before the connection is cut; 0.0: not even a status."""
    held: bool = False
    """Nothing is sent until `ScriptedServer.release`, or until the client goes."""


def error(
    status: int, message: str, headers: Mapping[str, str] | None = None, **more: object
) -> Answer:
    """Return an error as OpenAI's servers send it."""
    return Answer(status, {"error": {"message": message, **more}}, headers or {})


RATE_LIMITED = error(429, "Rate limit reached", {"Retry-After": "0"}, code="rate_limit_exceeded")
NO_CREDIT = error(429, "You exceeded your current quota", code="insufficient_quota")
BROKEN = error(500, "The server had an error")
UNAUTHORIZED = error(401, "Incorrect API key provided", code="invalid_api_key")
UNKNOWN_MODEL = error(404, "The model does not exist", code="model_not_found")
UNSUPPORTED = error(
    400, "Unsupported parameter: 'seed'", code="unsupported_parameter", param="seed"
)
TOO_LONG = error(
    400, "This model's maximum context length is 8 tokens.", code="context_length_exceeded"
)
CUT = Answer(sent=0.0)
CUT_MIDWAY = Answer(body=b'{"choices": [{"message": {"content": "half of', sent=0.5)
MALFORMED = Answer(body=b'{"choices": [')
EMPTY_CHOICES = Answer(body={"choices": [], "output": [], "status": "completed"})
HELD = Answer(held=True)
OVER = error(400, "the script is over")

Step: TypeAlias = str | Say | Answer
Script: TypeAlias = Sequence[Step] | Callable[[dict[str, Any]], Step]


def tokens(text: object) -> int:
    """Return the deterministic count: a token for four characters of JSON, begun ones too."""
    return -(-len(json.dumps(text)) // 4)


class ScriptedServer:
    """A context manager; may be asked by many clients at once."""

    def __init__(self, script: Script) -> None:
        self.requests: list[dict[str, Any]] = []
        """Bodies, parsed, in the order in which they came."""
        self.headers: list[dict[str, str]] = []
        """Theirs; keys in lower case."""
        self.paths: list[str] = []
        self.errors: list[BaseException] = []
        """What a script raised; raised again at the end."""
        self._script = script
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._waiting, self._releasing = socket.socketpair()
        self.arrived = threading.Event()
        """Set once a request is here."""
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """The base URL to give to a client."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def release(self) -> None:
        """Let all held answers go, these and later ones."""
        self._releasing.send(b".")

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client has closed it
        self._server.server_close()  # waits for the threads of all connections
        self._waiting.close()
        self._releasing.close()
        if self.errors:
            raise self.errors[0]

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return what a request is answered with."""
        request = json.loads(body)
        with self._lock:
            self.requests.append(request)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self.paths.append(path)
            number = len(self.requests)
            self.arrived.set()
        if callable(self._script):
            step = self._script(request)
        else:
            step = self._script[number - 1] if number <= len(self._script) else OVER
        if isinstance(step, Answer):
            return step
        say = Say(step) if isinstance(step, str) else step
        speak = _responses if path.endswith("/responses") else _chat
        return Answer(body=speak(request, say, number), held=say.held)

    def wait_for_release(self, connection: socket.socket) -> None:
        """Return once `release` was called, or the client has gone."""
        select.select([self._waiting, connection], [], [])


def _calls(say: Say, number: int) -> list[tuple[str, str, str]]:
    return [
        (f"call_{number}_{i}", name, args if isinstance(args, str) else json.dumps(args))
        for i, (name, args) in enumerate(say.calls)
    ]


def _usage(say: Say, prompt: object, names: tuple[str, str]) -> dict[str, Any]:
    if say.usage is not None:
        return dict(say.usage)
    whole, generated = tokens(prompt), tokens(say.content) + say.reasoning
    usage = {
        names[0]: whole,
        names[1]: generated,
        "total_tokens": whole + generated,
        f"{names[0]}_details": {"cached_tokens": say.cached},
        f"{names[1]}_details": {"reasoning_tokens": say.reasoning},
    }
    return usage if say.cost is None else {**usage, "cost": say.cost}


def _chat(request: dict[str, Any], say: Say, number: int) -> dict[str, Any]:
    calls = [
        {"id": call, "type": "function", "function": {"name": name, "arguments": arguments}}
        for call, name, arguments in _calls(say, number)
    ]
    message = {
        "role": "assistant",
        "content": say.content,
        **({"tool_calls": calls} if calls else {}),
    }
    finish = "length" if say.cut else "tool_calls" if calls else "stop"
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": number,
        "model": request.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": _usage(say, request.get("messages"), ("prompt_tokens", "completion_tokens")),
    }


def _responses(request: dict[str, Any], say: Say, number: int) -> dict[str, Any]:
    thoughts: list[dict[str, Any]] = [
        {"type": "reasoning", "id": f"rs_{number}", "summary": [], "encrypted_content": say.thought}
    ]
    part = {"type": "output_text", "text": say.content, "annotations": []}
    text = {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": [part]}
    calls = [
        {"type": "function_call", "call_id": call, "name": name, "arguments": arguments}
        for call, name, arguments in _calls(say, number)
    ]
    return {
        "id": f"resp_{number}",
        "object": "response",
        "status": "incomplete" if say.cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if say.cut else None,
        "error": None,
        "model": request.get("model"),
        "output": [*(thoughts if say.thought is not None else []), text, *calls],
        "usage": _usage(say, request.get("input"), ("input_tokens", "output_tokens")),
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, scripted: ScriptedServer) -> None:
        self.scripted = scripted
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        problem = sys.exc_info()[1]
        if problem is not None and not isinstance(problem, ConnectionError):
            self.scripted.errors.append(problem)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.scripted._lock:
            self.server.scripted._connections.add(self.connection)

    def finish(self) -> None:
        with self.server.scripted._lock:
            self.server.scripted._connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:  # http.server's name
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.server.scripted.answer(self.path, dict(self.headers), body)
        if answer.held:
            self.server.scripted.wait_for_release(self.connection)
        sent = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.close_connection = answer.sent < 1 or answer.held
        if answer.sent == 0:
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent[: int(len(sent) * answer.sent)])
