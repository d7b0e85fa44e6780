"""A bucket of AWS S3 or of a service with the same API. Source: Amazon S3 API reference.

Objects are created atomically: at once, or by a multipart upload, which is invisible until it is completed.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stratiform.kit.errors import Fault
from stratiform.services.image.errors import ImageDataNotFound, StorageFull, StorageWriteDenied, StoreUnavailable
from stratiform.services.image.model import StoreSettings
from stratiform.services.image.stores.model import BLOCK_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

logger = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 60
_MAX_ATTEMPTS = 3

_MIB = 2**20

#: S3 accepts 10,000 parts of at least 5 MiB: the first 1,000 are small, so that few bytes are in memory.
_PART_BYTES = (8 * _MIB, 32 * _MIB)
_LAST_PART_BYTES = 128 * _MIB

_NOT_FOUND_CODES = ("404", "NoSuchKey", "NoSuchUpload", "NotFound")
_DENIED_CODES = ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled")
_FULL_CODES = ("QuotaExceeded", "XMinioStorageFull", "EntityTooLarge", "InsufficientStorage", "507")


class S3Writer:
    """An object while its data is received. Small ones are sent at once, others by a multipart upload."""

    def __init__(self, store: "S3Store", name: str) -> None:
        self._store = store
        self._key = store.build_key(name)
        self._buffer = bytearray()
        self._upload_id = ""
        self._sent_parts: list[CompletedPartTypeDef] = []

    def write(self, block: bytes | bytearray) -> None:
        """Append a block, and send what fills a part. Raises StorageFull, StoreUnavailable."""
        self._buffer += block
        if len(self._buffer) >= _get_part_size(len(self._sent_parts)):
            self._send_part()

    def finish(self) -> None:
        """Complete the object. Raises StorageFull, StoreUnavailable."""
        store = self._store
        if not self._upload_id:
            with store.translating_errors(self._key):
                store.client.put_object(Bucket=store.settings.bucket, Key=self._key, Body=bytes(self._buffer))
            return
        if self._buffer:
            self._send_part()
        with store.translating_errors(self._key):
            store.client.complete_multipart_upload(
                Bucket=store.settings.bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._sent_parts},
            )
        self._upload_id = ""

    def abort(self) -> None:
        """Delete the parts that were sent. Idempotent; a job of the worker deletes them if the store is unreachable."""
        self._buffer.clear()
        if not self._upload_id:
            return
        store = self._store
        try:
            store.abort_upload(self._key, self._upload_id)
        except Fault as error:
            logger.warning("failed to abort upload store=%s error=%r", store.id, str(error))
        self._upload_id = ""

    def _send_part(self) -> None:
        store = self._store
        bucket, number = store.settings.bucket, len(self._sent_parts) + 1
        with store.translating_errors(self._key):
            if not self._upload_id:
                response = store.client.create_multipart_upload(Bucket=bucket, Key=self._key)
                self._upload_id = response["UploadId"]
            part = store.client.upload_part(
                Bucket=bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=bytes(self._buffer)
            )
        self._sent_parts.append({"PartNumber": number, "ETag": part["ETag"]})
        self._buffer.clear()


@dataclass(frozen=True, slots=True)
class S3Store:
    """Objects have the prefix of the settings and their name as key."""

    settings: StoreSettings = field(repr=False)
    kind: str = "s3"
    is_read_only: bool = False

    @property
    def id(self) -> str:
        return self.settings.id

    @property
    def description(self) -> str:
        return self.settings.description

    @property
    def weight(self) -> int:
        return self.settings.weight

    @property
    def client(self) -> "S3Client":
        """The client, which is created by the first request: boto3 is slow to import."""
        return _create_client(self.settings)

    def build_key(self, name: str) -> str:
        return self.settings.prefix + name

    def open_writer(self, name: str) -> S3Writer:
        """Return a writer; the bucket is untouched until a part is complete."""
        return S3Writer(self, name)

    def exists(self, name: str) -> bool:
        try:
            self.get_size(name)
        except FileNotFoundError:
            return False
        return True

    def get_size(self, name: str) -> int:
        """Return the size of an object in bytes. Raises FileNotFoundError."""
        try:
            with self.translating_errors(name):
                response = self.client.head_object(Bucket=self.settings.bucket, Key=self.build_key(name))
        except ImageDataNotFound as error:
            raise FileNotFoundError(name) from error
        return response["ContentLength"]

    def read_blocks(self, name: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield `length` bytes from offset `start`, or all bytes to the end, in blocks."""
        if length == 0:
            return
        extra: dict[str, Any] = {}
        if start or length is not None:
            extra["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        with self.translating_errors(name):
            response = self.client.get_object(Bucket=self.settings.bucket, Key=self.build_key(name), **extra)
            with closing(response["Body"]) as body:
                yield from body.iter_chunks(BLOCK_BYTES)

    def delete(self, name: str) -> None:
        """Delete an object and unfinished ones of this name. Idempotent."""
        self._abort_uploads(self.build_key(name))
        with self.translating_errors(name):
            self.client.delete_object(Bucket=self.settings.bucket, Key=self.build_key(name))

    def delete_prefix(self, prefix: str) -> None:
        """Delete every object, unfinished ones included, whose name starts with `prefix`. Idempotent."""
        bucket, key = self.settings.bucket, self.build_key(prefix)
        self._abort_uploads(key)
        with self.translating_errors(prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
                for item in page.get("Contents", []):
                    self.client.delete_object(Bucket=bucket, Key=item["Key"])

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Delete the parts of an unfinished object. Idempotent."""
        try:
            with self.translating_errors(key):
                self.client.abort_multipart_upload(Bucket=self.settings.bucket, Key=key, UploadId=upload_id)
        except ImageDataNotFound:
            return

    def build_url(self, name: str) -> str:
        """Return the address in the form of Glance, but without its access key and secret key."""
        host = (self.settings.endpoint or "https://s3.amazonaws.com").rstrip("/")
        scheme, _, address = host.partition("://")
        return f"{'s3+https' if scheme == 'https' else 's3'}://{address}/{self.settings.bucket}/{self.build_key(name)}"

    def describe(self) -> Mapping[str, object]:
        return {
            "s3_store_large_object_size": _PART_BYTES[0] // _MIB,
            "s3_store_large_object_chunk_size": _PART_BYTES[0] // _MIB,
            "s3_store_thread_pools": 1,
        }

    @contextmanager
    def translating_errors(self, name: str) -> Iterator[None]:
        """Translate boto3's errors.

        Raises: ImageDataNotFound, StorageFull, StorageWriteDenied, StoreUnavailable.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            details = error.response.get("Error", {})
            code = str(details.get("Code") or "")
            status = str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
            if code in _NOT_FOUND_CODES:
                raise ImageDataNotFound(name) from error
            if code in _FULL_CODES or status == "507":
                raise StorageFull from error
            if code in _DENIED_CODES:
                raise StorageWriteDenied(self.id, code) from error
            raise StoreUnavailable(self.id, code or status) from error
        except (BotoCoreError, OSError) as error:
            raise StoreUnavailable(self.id, type(error).__name__) from error

    def _abort_uploads(self, prefix: str) -> None:
        with self.translating_errors(prefix):
            pages = self.client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.settings.bucket, Prefix=prefix):
                for item in page.get("Uploads", []):
                    self.abort_upload(item["Key"], item["UploadId"])


def _get_part_size(number: int) -> int:
    """Return the size in bytes of the part after `number` parts."""
    index = number // 1000
    return _PART_BYTES[index] if index < len(_PART_BYTES) else _LAST_PART_BYTES


@lru_cache(maxsize=32)
def _create_client(settings: StoreSettings) -> "S3Client":
    """Return a client; with an access key in the settings, it reads no other credentials of the machine."""
    import boto3
    from botocore.config import Config

    keys: dict[str, Any] = {}
    if settings.access_key:
        keys = {"aws_access_key_id": settings.access_key, "aws_secret_access_key": settings.secret_key}
    options: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=_READ_TIMEOUT_S,
        retries={"total_max_attempts": _MAX_ATTEMPTS, "mode": "standard"},
        max_pool_connections=16,
        s3={"addressing_style": "path" if settings.endpoint else "auto"},
        **options,
    )
    return boto3.session.Session(region_name=settings.region, **keys).client(
        "s3", endpoint_url=settings.endpoint or None, verify=settings.cacert or None, config=config
    )
