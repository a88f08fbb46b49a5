"""The HTTP client beneath the SDK: bounded answers, no redirects, nothing sent but what is ours."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from swelancer_plugin.models.answers import Malformed
from swelancer_plugin.models.endpoint import Endpoint
from swelancer_plugin.models.options import ModelOptions

if TYPE_CHECKING:
    from httpx2 import Request, Response
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

CONNECT_SECONDS = 30.0
_ABOUT_THE_BYTES = (b"content-encoding", b"content-length", b"transfer-encoding")


def sdk_client(endpoint: Endpoint, options: ModelOptions) -> AsyncOpenAI:
    """Return a client of the SDK for an endpoint, without retries of its own.

    Costs about a second and 15 MB at its first call in a process: the SDK's import.
    """
    from openai import AsyncOpenAI

    basic = b64encode(endpoint.userinfo.encode()).decode()
    client = AsyncOpenAI(
        api_key=endpoint.key,
        base_url=endpoint.base_url,  # given, so that no OPENAI_BASE_URL is taken instead
        max_retries=0,
        default_headers={"Authorization": f"Basic {basic}"} if endpoint.userinfo else None,
        http_client=_bounded(options),
    )
    if endpoint.provider != "openai":  # from the environment, and no business of other servers
        client.organization = client.project = None
    return client


def _bounded(options: ModelOptions) -> DefaultAsyncHttpxClient:
    from openai import DefaultAsyncHttpxClient, Timeout

    class Bounded(DefaultAsyncHttpxClient):
        """Reads an answer no further than it may be long, errors too."""

        async def send(self, request: Request, **given: Any) -> Response:  # noqa: ANN401  # as httpx
            response = await super().send(request, **{**given, "stream": True})
            body = bytearray()
            try:
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > options.reply_bytes:
                        raise Malformed(f"an answer above {options.reply_bytes} bytes")
            finally:
                await response.aclose()
            raw = response.headers.raw  # bytes, since a value may be no text
            headers = [each for each in raw if each[0].lower() not in _ABOUT_THE_BYTES]
            # through its class, since the module's name differs between versions of the SDK
            return type(response)(
                response.status_code, headers=headers, content=bytes(body), request=request
            )

    limit = Timeout(options.call_seconds, connect=min(CONNECT_SECONDS, options.call_seconds))
    return Bounded(timeout=limit, follow_redirects=False)
