"""Signatures of requests, made by botocore's signers."""

import hashlib
import time
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV2Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stratiform.kit.clock import MINUTE_US, SECOND_US, ManualClock, to_datetime
from stratiform.kit.errors import Unauthenticated
from stratiform.services.identity.model.aws_signatures import ParsedSignature, SignedRequest, parse_signature

NOW = ManualClock().now()
FORM = "Action=RunInstances&Version=2016-11-15&Name.1=a+b%2Fc%C3%BC&MaxCount=1"
SIGNER = Credentials("access-key", "the/secret+key")


def sign(signer: Any, method: str, url: str, body: str = "", **headers: str) -> SignedRequest:
    """Return the request that a server receives from botocore."""
    query, is_2 = urlsplit(url).query, isinstance(signer, SigV2Auth)
    if is_2:  # this signer of botocore reads dictionaries
        fields = dict(parse_qsl(body or query))
        data: dict[str, Any] = {"data": fields} if method == "POST" else {"params": fields}
        request = AWSRequest(method=method, url=url.partition("?")[0], headers=headers, **data)
    else:
        request = AWSRequest(method=method, url=url, data=body, headers=headers)
    now = to_datetime(NOW).replace(tzinfo=UTC)
    with (
        patch.object(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: _without_zone(now), create=True),
        patch.object(time, "gmtime", lambda *_: now.timetuple()),
    ):
        signer.add_auth(request)
    prepared = request.prepare()
    split = urlsplit(prepared.url)
    content = prepared.body.encode() if isinstance(prepared.body, str) else bytes(prepared.body or b"")  # type: ignore[arg-type]
    sent = {name.lower(): str(value) for name, value in prepared.headers.items()}
    return SignedRequest(
        method,
        split.path,
        tuple(parse_qsl(split.query, keep_blank_values=True)),
        sent | {"host": split.netloc},
        hashlib.sha256(content).hexdigest(),
        tuple(parse_qsl(content.decode())) if is_2 else (),
    )


def _without_zone(now: datetime) -> datetime:
    return now.replace(tzinfo=None)


def parse(request: SignedRequest, now: int = NOW) -> ParsedSignature:
    return parse_signature(request, now)


CASES = [
    (SigV4Auth(SIGNER, "ec2", "RegionOne"), "POST", "http://cloud.example:8774/ec2/", FORM),
    (SigV4Auth(SIGNER, "ec2", "RegionOne"), "GET", "https://cloud.example/?Action=A&Filter=b%20c%2F&Empty=&A=1", ""),
    (SigV4Auth(SIGNER, "ec2", "RegionOne"), "GET", "https://cloud.example/a%20b/./c//d/../e/~x?q=%C3%BC&p=%2B", ""),
    (SigV4QueryAuth(SIGNER, "ec2", "RegionOne"), "GET", "https://cloud.example/ec2?Action=DescribeRegions", ""),
    (S3SigV4Auth(SIGNER, "s3", "RegionOne"), "PUT", "https://cloud.example/bucket/a%20b//../c?x=1&acl", "content"),
    (S3SigV4QueryAuth(SIGNER, "s3", "RegionOne"), "GET", "https://cloud.example/bucket/key%2B1", ""),
    (SigV2Auth(SIGNER), "POST", "https://cloud.example/ec2/", FORM),
    (SigV2Auth(SIGNER), "GET", "https://cloud.example/ec2/?Action=DescribeRegions&Name=a%20b", ""),
]


@pytest.mark.parametrize(("signer", "method", "url", "body"), CASES)
def test_signatures_of_botocore_are_valid(signer: Any, method: str, url: str, body: str) -> None:
    signature = parse(sign(signer, method, url, body))
    assert signature.access == "access-key"
    assert signature.matches("the/secret+key")
    assert not signature.matches("another-secret")


@pytest.mark.parametrize(("signer", "method", "url", "body"), CASES)
def test_signatures_end(signer: Any, method: str, url: str, body: str) -> None:
    request = sign(signer, method, url, body)
    presigned = isinstance(signer, (SigV4QueryAuth, S3SigV4QueryAuth))
    last = NOW + (3600 * SECOND_US if presigned else 15 * MINUTE_US)
    assert parse(request, last).matches("the/secret+key")
    for now in (last + SECOND_US, NOW - 15 * MINUTE_US - SECOND_US):
        with pytest.raises(Unauthenticated):
            parse(request, now)


def is_valid(request: SignedRequest) -> bool:
    try:
        return parse(request).matches("the/secret+key")
    except Unauthenticated:
        return False


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"path": "/other"},
        {"query": (("Action", "TerminateInstances"),)},
        {"body_sha256": hashlib.sha256(b"another body").hexdigest()},
    ],
)
def test_a_changed_request_is_refused(change: dict[str, Any]) -> None:
    original = sign(SigV4Auth(SIGNER, "ec2", "RegionOne"), "POST", "http://cloud.example/", FORM)
    fields = {name: getattr(original, name) for name in ("method", "path", "query", "headers", "body_sha256")}
    assert is_valid(SignedRequest(**fields))
    assert not is_valid(SignedRequest(**(fields | change)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", "elsewhere.example"),
        ("x-amz-date", "20260101T000500Z"),
        ("x-amz-date", "yesterday"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("authorization", "AWS4-HMAC-SHA256"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=k/20260101/r/ec2/aws4_request, SignedHeaders=x, Signature=0"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=k/20250101/r/ec2/aws4_request, SignedHeaders=host, Signature=0"),
    ],
)
def test_changed_and_malformed_headers_are_refused(name: str, value: str) -> None:
    original = sign(SigV4Auth(SIGNER, "ec2", "RegionOne"), "POST", "http://cloud.example/", FORM)
    changed = SignedRequest(
        original.method, original.path, original.query, {**original.headers, name: value}, original.body_sha256
    )
    assert not is_valid(changed)


def test_the_body_of_s3_must_be_the_signed_one() -> None:
    original = sign(S3SigV4Auth(SIGNER, "s3", "RegionOne"), "PUT", "https://cloud.example/bucket/key", "content")
    other = hashlib.sha256(b"other").hexdigest()
    assert is_valid(original)
    assert not is_valid(SignedRequest(original.method, original.path, (), original.headers, other))


def test_unsigned_requests_are_refused() -> None:
    for query in ((), (("SignatureVersion", "1"),), (("SignatureVersion", "2"),)):
        assert not is_valid(SignedRequest("GET", "/", query, {"host": "cloud.example"}))
    signed = sign(SigV2Auth(SIGNER), "GET", "https://cloud.example/?Action=A")
    repeated = (*signed.query, ("Action", "B"))
    assert not is_valid(SignedRequest("GET", "/", repeated, signed.headers))
