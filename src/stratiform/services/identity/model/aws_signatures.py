"""Signatures of AWS requests, versions 2 and 4, without I/O.

Source: "Signature Version 4 signing process" and "Signature Version 2" of the AWS General Reference.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from stratiform.kit.clock import MINUTE_US, SECOND_US, Micros, from_datetime, parse_iso
from stratiform.services.identity.errors import AuthenticationFailed

#: How much the time of a request may differ from the time of its verification, as in AWS and Keystone.
_TOLERANCE_US = 15 * MINUTE_US

#: The longest validity of a signature in a query string: seven days, as in AWS.
_MAX_EXPIRES_S = 7 * 24 * 3600

_ALGORITHM_4 = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_UNSIGNED = "UNSIGNED-PAYLOAD"
_HASHES_2 = {"HmacSHA1": "sha1", "HmacSHA256": "sha256"}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """An HTTP request with a signature.

    `path`: as sent, percent-encoded, without the query string. `query`: the decoded pairs of the query string.
    `form`: the decoded pairs of a form body, which only version 2 signs. `headers`: names are in lower case.
    `body_sha256`: hexadecimal digest of the body.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body_sha256: str = EMPTY_SHA256
    form: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedSignature:
    """The signature of a request, and what it signs.

    `credential_scope`: (date, region, service) of version 4, empty for version 2. `hash_name`: of `hashlib`.
    """

    access: str
    signature: str
    string_to_sign: str
    hash_name: str = "sha256"
    credential_scope: tuple[str, str, str] | None = None

    @property
    def region(self) -> str:
        return self.credential_scope[1] if self.credential_scope else ""

    def matches(self, secret: str) -> bool:
        """Return True if the request was signed with this secret. Takes the same time for all signatures."""
        if self.credential_scope is None:
            digest = hmac.new(secret.encode(), self.string_to_sign.encode(), self.hash_name).digest()
            expected = base64.b64encode(digest).decode()
        else:
            key = derive_key_4(secret, self.credential_scope)
            expected = hmac.new(key, self.string_to_sign.encode(), "sha256").hexdigest()
        return hmac.compare_digest(expected.encode(), self.signature.encode(errors="replace"))


def parse_signature(request: SignedRequest, now: Micros) -> ParsedSignature:
    """Return the signature of a request: version 4 in the header `Authorization` or in the query, or version 2.

    Raises: AuthenticationFailed without a well-formed signature, or if it is too old or from the future
    """
    try:
        if request.headers.get("authorization", "").startswith(_ALGORITHM_4):
            return _parse_header_4(request, now)
        if ("X-Amz-Algorithm", _ALGORITHM_4) in request.query:
            return _parse_query_4(request, now)
        return _parse_2(request, now)
    except (KeyError, ValueError, OverflowError) as error:
        raise AuthenticationFailed from error


def derive_key_4(secret: str, scope: tuple[str, str, str]) -> bytes:
    """Return the signing key for a date, a region and a service."""
    key = ("AWS4" + secret).encode()
    for text in (*scope, "aws4_request"):
        key = hmac.new(key, text.encode(), "sha256").digest()
    return key


def parse_time_4(text: str) -> Micros:
    """Return a time such as `20261129T231500Z`. Raises ValueError."""
    return from_datetime(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))


def require_recent(signed_at: Micros, now: Micros) -> None:
    """Raises AuthenticationFailed if a request was signed more than 15 minutes before or after `now`."""
    if abs(now - signed_at) > _TOLERANCE_US:
        raise AuthenticationFailed


def _parse_header_4(request: SignedRequest, now: Micros) -> ParsedSignature:
    fields = request.headers["authorization"].removeprefix(_ALGORITHM_4).split(",")
    values = dict(item.strip().split("=", 1) for item in fields)
    amz_date = request.headers["x-amz-date"]
    require_recent(parse_time_4(amz_date), now)
    body_hash = request.headers.get("x-amz-content-sha256", request.body_sha256)
    return _build_4(request, request.query, values, amz_date, body_hash)


def _parse_query_4(request: SignedRequest, now: Micros) -> ParsedSignature:
    """Return the signature of a URL that is valid for the time in `X-Amz-Expires`."""
    parameters = _to_dict(request.query)
    names = ("Credential", "SignedHeaders", "Signature")
    values = {name: parameters["X-Amz-" + name] for name in names}
    amz_date, expires_s = parameters["X-Amz-Date"], int(parameters["X-Amz-Expires"])
    age_us = now - parse_time_4(amz_date)
    if not 0 < expires_s <= _MAX_EXPIRES_S or not -_TOLERANCE_US <= age_us <= expires_s * SECOND_US:
        raise AuthenticationFailed
    pairs = tuple((name, value) for name, value in request.query if name != "X-Amz-Signature")
    is_s3 = values["Credential"].endswith("/s3/aws4_request")
    return _build_4(request, pairs, values, amz_date, _UNSIGNED if is_s3 else request.body_sha256)


def _build_4(
    request: SignedRequest,
    query: Iterable[tuple[str, str]],
    values: Mapping[str, str],
    amz_date: str,
    body_hash: str,
) -> ParsedSignature:
    access, date, region, service, terminator = values["Credential"].rsplit("/", 4)
    signed_names = values["SignedHeaders"].split(";")
    is_digest = body_hash != _UNSIGNED and not body_hash.startswith("STREAMING-")
    if terminator != "aws4_request" or date != amz_date[:8] or "host" not in signed_names:
        raise AuthenticationFailed
    if (service != "s3" and not is_digest) or (is_digest and body_hash != request.body_sha256):
        raise AuthenticationFailed  # the body is not the one that was signed
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in signed_names)
    canonical = "\n".join(
        (
            request.method,
            request.path if service == "s3" else _normalize_path(request.path),
            _format_query(query),
            headers,
            ";".join(signed_names),
            body_hash,
        )
    )
    scope = "/".join((date, region, service, terminator))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    string_to_sign = "\n".join((_ALGORITHM_4, amz_date, scope, digest))
    return ParsedSignature(access, values["Signature"], string_to_sign, credential_scope=(date, region, service))


def _parse_2(request: SignedRequest, now: Micros) -> ParsedSignature:
    pairs = (*request.query, *request.form)
    parameters = _to_dict(pairs)
    if parameters["SignatureVersion"] != "2":
        raise AuthenticationFailed
    if "Expires" in parameters:
        expires_at = parse_iso(parameters["Expires"])
        if not now <= expires_at <= now + _MAX_EXPIRES_S * SECOND_US:
            raise AuthenticationFailed
    else:
        require_recent(parse_iso(parameters["Timestamp"]), now)
    host = request.headers["host"].lower()
    signed = _format_query(pair for pair in pairs if pair[0] != "Signature")
    return ParsedSignature(
        parameters["AWSAccessKeyId"],
        parameters["Signature"],
        "\n".join((request.method, host, request.path or "/", signed)),
        _HASHES_2[parameters["SignatureMethod"]],
    )


def _to_dict(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Raises ValueError for a repeated name: programs would disagree about its value."""
    items = list(pairs)
    values = dict(items)
    if len(values) != len(items):
        raise ValueError("repeated parameter")
    return values


def _format_query(pairs: Iterable[tuple[str, str]]) -> str:
    quoted = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in quoted)


def _normalize_path(path: str) -> str:
    """Return a path without dot segments and repeated slashes, percent-encoded once more, as all services but S3."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    end = "/" if segments and path.endswith("/") else ""
    return quote("/" + "/".join(segments) + end, safe="/-_.~")
