"""Checks that the API of this installation responds at its address."""

import json
import secrets
import ssl
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlencode, urlsplit

from stratiform.kit.server_proof import ServerProof, address_of

_INTERVAL_S = 0.01


def wait_until_ready(url: str, proof: ServerProof, stop: threading.Event) -> bool:
    """Wait until our API responds at `url`. Return False if `stop` is set first."""
    while not is_ready(url, proof, timeout_s=1):
        if stop.wait(_INTERVAL_S):
            return False
    return True


def is_ready(url: str, proof: ServerProof, *, timeout_s: float) -> bool:
    """Return True if a server with the keys of this installation responds at `url`, and not another program.

    It is a plain connection of the standard library: a proxy has no part in it, and httpx takes long to load.
    """
    address, nonce = address_of(url), secrets.token_hex(16)
    connection = _connect(url, timeout_s)
    try:
        connection.request("GET", f"/api/v1/server-proof?{urlencode({'nonce': nonce, 'address': address})}")
        content = json.loads(connection.getresponse().read())
        return proof.verify(str(content["proof"]), nonce, address)
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return False
    finally:
        connection.close()


def _connect(url: str, timeout_s: float) -> HTTPConnection:
    components = urlsplit(url)
    host, port = components.hostname or "", components.port
    if components.scheme != "https":
        return HTTPConnection(host, port, timeout=timeout_s)
    # Without verification: the proof identifies the server, whose certificate is for its public name.
    return HTTPSConnection(host, port, timeout=timeout_s, context=ssl._create_unverified_context())  # noqa: S323
