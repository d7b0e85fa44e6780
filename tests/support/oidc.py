"""OpenID Connect providers: `oidc-provider-mock` as a process, and one with access tokens in this process."""

import json
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from support.ports import free_port
from support.processes import wait_until

CLIENT_ID, CLIENT_SECRET, PASSWORD = "stratiform", "client-secret", "user-pass"


@contextmanager
def mock_provider(*users: dict[str, Any]) -> Iterator[str]:
    """Run `oidc-provider-mock` with users, each with the claim `sub`. Yield the issuer."""
    port = free_port()
    program = Path(sys.executable).with_name("oidc-provider-mock")
    claims = [argument for user in users for argument in ("--user-claims", json.dumps(user))]
    process = subprocess.Popen(
        [str(program), "--port", str(port), *claims], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _is_ready(f"{issuer}/.well-known/openid-configuration"), "the provider does not respond")
        yield issuer
    finally:
        process.terminate()
        process.wait(10)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@dataclass
class TokenProvider:
    """A provider with the grants `password` and `client_credentials`, and introspection. It counts its requests."""

    issuer: str
    now_s: int
    claims: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}))
    requests: list[str] = field(default_factory=list)
    redirect: str = ""

    def create_token(self, *, key: RSAKey | None = None, **claims: Any) -> str:
        """Return an access token. A claim None is left out."""
        payload = {
            "iss": self.issuer,
            "sub": "ann",
            "aud": [CLIENT_ID, "account"],
            "iat": self.now_s,
            "exp": self.now_s + 300,
            **self.claims,
            **claims,
        }
        key = key or self.key
        header = {"alg": "RS256", "kid": key.as_dict().get("kid")}
        return jwt.encode(header, {name: value for name, value in payload.items() if value is not None}, key)

    def respond(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            endpoints = ("authorization", "token", "introspection", "userinfo")
            urls = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in endpoints}
            return 200, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **urls}
        if path == "/jwks":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/userinfo":
            return 200, {"sub": "ann", "email": "ann@corp.example"}
        _, _, encoded = authorization.partition(" ")
        client = b64decode(encoded).decode() if encoded else f"{form.get('client_id')}:{form.get('client_secret')}"
        if client != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return 401, {"error": "invalid_client"}
        if path == "/introspection":
            return 200, self._introspect(form["token"])
        if form["grant_type"] == "password" and form.get("password") != PASSWORD:
            return 400, {"error": "invalid_grant"}
        subject = form.get("username", "service-account")
        return 200, {"access_token": self.create_token(sub=subject), "token_type": "Bearer", "expires_in": 300}

    def _introspect(self, token: str) -> dict[str, Any]:
        if token != "opaque":
            return {"active": False}
        return {"active": True, "sub": "ann", "client_id": CLIENT_ID, "exp": self.now_s + 300, **self.claims}


@contextmanager
def token_provider(now_s: int, **claims: Any) -> Iterator[TokenProvider]:
    """Run a provider whose tokens have `claims`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            self._respond({name: values[0] for name, values in parse_qs(body).items()})

        def _respond(self, form: dict[str, str]) -> None:
            provider.requests.append(self.path)
            if provider.redirect:
                self.send_response(302)
                self.send_header("Location", provider.redirect)
                self.end_headers()
                return
            status, body = provider.respond(self.path, form, self.headers.get("authorization") or "")
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = TokenProvider(f"http://127.0.0.1:{server.server_port}", now_s, claims)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
