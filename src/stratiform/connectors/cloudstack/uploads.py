"""Uploads of image data to the secondary storage. Source: CloudStack administration guide ("Templates")."""

import ssl
from collections.abc import Iterator
from uuid import uuid4

import httpx

from stratiform.connectors.cloudstack.responses import Item
from stratiform.contract.errors import CloudUnreachable, RequestRejected

_TIMEOUT_S = 3600


def post_image(parameters: Item, size_bytes: int, data: Iterator[bytes], *, verify: bool | str) -> None:
    """Send data as the only file of a form, to the URL and with the signature that CloudStack has returned.

    They are in no error. Raises: CloudUnreachable; RequestRejected if the data does not have the size.
    """
    boundary = uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="image"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    headers = {
        "X-signature": str(parameters["signature"]),
        "X-metadata": str(parameters["metadata"]),
        "X-expires": str(parameters["expires"]),
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(head) + size_bytes + len(tail)),
    }
    context = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
    try:
        response = httpx.post(
            str(parameters["postURL"]),
            content=_iterate(head, _check_size(data, size_bytes), tail),
            headers=headers,
            timeout=_TIMEOUT_S,
            verify=context,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise CloudUnreachable(f"upload to CloudStack failed: {type(error).__name__}") from None
    if response.is_error:
        raise CloudUnreachable(f"upload to CloudStack failed with status {response.status_code}")


def _iterate(head: bytes, data: Iterator[bytes], tail: bytes) -> Iterator[bytes]:
    yield head
    yield from data
    yield tail


def _check_size(data: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    """Iterate over data. Raises: RequestRejected if it does not have the size that was announced."""
    sent = 0
    for chunk in data:
        sent += len(chunk)
        if sent > size_bytes:
            raise RequestRejected(f"image has more than {size_bytes} bytes")
        yield chunk
    if sent != size_bytes:
        raise RequestRejected(f"image has {sent} bytes instead of {size_bytes}")
