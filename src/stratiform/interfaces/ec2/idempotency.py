"""Requests with a `ClientToken` take effect once. Source: Amazon EC2 API reference, "Ensuring idempotency"."""

import hashlib
from collections.abc import Callable, Mapping

from stratiform.interfaces.ec2.api import Ec2Request
from stratiform.interfaces.ec2.errors import Ec2Error

#: The size limit of a token in characters.
_MAX_TOKEN = 64

#: Parameters that may differ between a request and its repetition.
_IGNORED = ("DryRun", "Version")

#: Prefixes of parameters of signatures.
_SIGNATURE = ("X-Amz-", "Signature", "AWSAccessKeyId", "Timestamp", "Expires")


def create_once(request: Ec2Request, create: Callable[[], str]) -> str:
    """Return the result of `create`, or that of an earlier request with the same token.

    Raises: Ec2Error if that request had other parameters
    """
    token = request.parameters.get("ClientToken")
    if not token:
        return create()
    if len(token) > _MAX_TOKEN or not token.isascii():
        raise Ec2Error("InvalidParameterValue", "ClientToken must have at most 64 ASCII characters.")
    requests, digest = request.services.compute.client_requests, _digest(request.parameters.values)
    earlier = requests.find(request.ctx, token)
    if earlier is None:
        result_id = create()
        requests.record(request.ctx, token, digest, result_id)
        return result_id
    if earlier.digest != digest:
        raise Ec2Error(
            "IdempotentParameterMismatch",
            "The request uses the same client token as a previous, but non-identical request.",
        )
    return earlier.result_id


def _digest(values: Mapping[str, str]) -> str:
    items = sorted(
        (name, value) for name, value in values.items() if name not in _IGNORED and not name.startswith(_SIGNATURE)
    )
    return hashlib.sha256(repr(items).encode()).hexdigest()
