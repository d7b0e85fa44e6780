"""Access to a bucket of Object Storage, which has the API of Amazon S3.

Source: Object Storage guide, "How to use the S3 API"; Amazon S3 API reference (multipart uploads).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stratiform.connectors.yandex.settings import BucketSettings
from stratiform.contract.errors import (
    CloudError,
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    InsufficientCapacity,
    RequestRejected,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_REGION = "ru-central1"
_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S, _MAX_ATTEMPTS = 5, 60, 3

#: An upload has at most 10,000 parts.
_PART_BYTES, _MAX_PARTS = 16 * 2**20, 10_000

#: Compute Cloud reads the object when it starts the import.
_URL_LIFETIME_S = 24 * 3600

_ERROR_TYPES: dict[str, type[CloudError]] = {
    "AccessDenied": CredentialsRejected,
    "InvalidAccessKeyId": CredentialsRejected,
    "SignatureDoesNotMatch": CredentialsRejected,
    "QuotaExceeded": InsufficientCapacity,
    "SlowDown": CloudThrottled,
    "TooManyRequests": CloudThrottled,
}

_SERVER_ERROR = 500


class BucketClient:
    """One bucket. Thread-safe."""

    def __init__(self, settings: BucketSettings) -> None:
        self._bucket = settings.bucket
        options: dict[str, Any] = {"ignore_configured_endpoint_urls": True}  # missing in the type stubs
        self._s3: S3Client = boto3.session.Session().client(
            "s3",
            region_name=_REGION,
            endpoint_url=settings.storage_endpoint,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key,
            config=Config(
                connect_timeout=_CONNECT_TIMEOUT_S,
                read_timeout=_READ_TIMEOUT_S,
                retries={"total_max_attempts": _MAX_ATTEMPTS, "mode": "standard"},
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                **options,
            ),
        )

    def put(self, key: str, size_bytes: int, data: Iterator[bytes]) -> None:
        """Create an object. Raises: RequestRejected if `data` has another size; then no object is created."""
        with self._translating_errors():
            upload_id = self._s3.create_multipart_upload(Bucket=self._bucket, Key=key)["UploadId"]
            try:
                completed = self._send_parts(key, upload_id, size_bytes, data)
                self._s3.complete_multipart_upload(
                    Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": completed}
                )
            except BaseException:
                with suppress(BotoCoreError, ClientError):
                    self._s3.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
                raise

    def build_url(self, key: str) -> str:
        """Return a URL at which Compute Cloud can read an object for a day."""
        return self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=_URL_LIFETIME_S
        )

    def delete(self, key: str) -> None:
        """Delete an object; succeeds if it does not exist."""
        with self._translating_errors():
            self._s3.delete_object(Bucket=self._bucket, Key=key)

    def _send_parts(
        self, key: str, upload_id: str, size_bytes: int, data: Iterator[bytes]
    ) -> "list[CompletedPartTypeDef]":
        completed: list[CompletedPartTypeDef] = []
        part_bytes, buffer, sent_bytes = max(_PART_BYTES, -(-size_bytes // _MAX_PARTS)), bytearray(), 0

        def send(body: bytes) -> None:
            number = len(completed) + 1
            part = self._s3.upload_part(Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body)
            completed.append({"PartNumber": number, "ETag": part["ETag"]})

        for block in data:
            buffer += block
            while len(buffer) > part_bytes:
                send(bytes(buffer[:part_bytes]))
                del buffer[:part_bytes]
                sent_bytes += part_bytes
        if sent_bytes + len(buffer) != size_bytes:
            raise RequestRejected(f"incomplete image: {sent_bytes + len(buffer)} of {size_bytes} bytes")
        send(bytes(buffer))
        return completed

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
            default = CloudUnreachable if status >= _SERVER_ERROR else RequestRejected
            error_type = _ERROR_TYPES.get(code, default)
            raise error_type(f"Object Storage: bucket '{self._bucket}': {code or status}") from None
        except BotoCoreError as error:
            raise CloudUnreachable(f"Object Storage does not respond: {type(error).__name__}") from error
