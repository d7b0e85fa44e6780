"""Uploads of image data to the secondary storage. Source: CloudStack administration guide ("Templates")."""

import hashlib
from typing import Any

from support.cloudstack.state import State


def receive_upload(state: State, path: str, headers: dict[str, str], stream: Any) -> int:
    """Read the form of an upload, and return the status of the response."""
    names = {name.lower(): value for name, value in headers.items()}
    template_id = path.rsplit("/", 1)[-1]
    with state.lock:
        template = state.tables.get("templates", {}).get(template_id)
    if template is None or names.get("x-signature") != build_signature(template_id, names.get("x-metadata", "")):
        return 401
    if names.get("transfer-encoding") or "content-length" not in names:
        return 411
    length = int(names["content-length"])
    body = stream.read(length)
    if len(body) < length:
        return 400
    boundary = names["content-type"].partition("boundary=")[2].encode()
    _, _, data = body.partition(b"\r\n\r\n")
    data, _, _ = data.rpartition(b"\r\n--" + boundary)
    with state.lock:
        template |= {"isready": True, "status": "Download Complete", "size": len(data), "physicalsize": len(data)}
    return 200


def build_signature(template_id: str, metadata: str) -> str:
    return hashlib.sha1(f"{template_id}{metadata}".encode()).hexdigest()
