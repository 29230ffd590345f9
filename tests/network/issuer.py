"""A small OpenID Connect provider on loopback, which does wrong what a test asks for."""

import asyncio
import base64
import hashlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "ringmain", "s3cret/+:"
CODE = "authorised"


class Issuer:
    """Answers discovery, keys and the exchange of codes; `change` replaces claims of the next ID tokens."""

    def __init__(self) -> None:
        self.url = ""
        self.keys = [RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}, private=True)]
        self.signs_with = self.keys[0]
        self.announced_issuer = ""
        self.header: dict[str, Any] = {}
        self.change: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.keys_read = 0

    def turn(self) -> None:
        """Change the signing key, as issuers do now and then."""
        self.signs_with = RSAKey.generate_key(2048, {"kid": str(len(self.keys) + 1), "use": "sig"}, private=True)
        self.keys.append(self.signs_with)

    def arrive(self, url: str) -> tuple[str, str]:
        """Stand for the browser that came to the authorization endpoint; return state and code."""
        assert url.startswith(f"{self.url}/authorize?")
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert self.asked["response_type"] == "code"
        assert self.asked["code_challenge_method"] == "S256"
        return self.asked["state"], CODE

    async def discovery(self, _: Request) -> JSONResponse:
        """Say where everything is."""
        return JSONResponse(
            {
                "issuer": self.announced_issuer or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def key_set(self, _: Request) -> JSONResponse:
        """Show the public keys."""
        self.keys_read += 1
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def token(self, request: Request) -> JSONResponse:
        """Exchange a code for tokens, where client, code, address and verifier fit."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        fits = (
            request.headers["authorization"] == f"Basic {basic}"
            and form["code"] == CODE
            and form["redirect_uri"] == self.asked["redirect_uri"]
            and challenge.decode() == self.asked["code_challenge"]
        )
        if not fits:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"id_token": self.id_token(), "access_token": "a", "token_type": "Bearer"})

    def id_token(self) -> str:
        """Return an ID token for who arrived last."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "248289761001",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
            "email_verified": True,
            "name": "Mei Lin",
        }
        kept = {name: value for name, value in (claims | self.change).items() if value is not None}
        header = {"alg": "RS256", "kid": self.signs_with.kid} | self.header
        return jwt.encode(header, kept, self.signs_with, algorithms=["RS256"])


@asynccontextmanager
async def running() -> AsyncIterator[Issuer]:
    """Run an issuer on a free port of this machine."""
    issuer = Issuer()
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", issuer.discovery),
            Route("/keys", issuer.key_set),
            Route("/token", issuer.token, methods=["POST"]),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    # Signals stay pytest's.
    server.capture_signals = nullcontext  # type: ignore[method-assign,assignment]
    listening = socket.create_server(("127.0.0.1", 0))
    issuer.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield issuer
    finally:
        server.should_exit = True
        await task
