"""Conformance to contract.image."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import ServerSpec
from stratiform.contract.errors import CloudError, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage

_CHUNK = bytes(64 * 1024)


def chunks(count: int) -> Iterator[bytes]:
    return (_CHUNK for _ in range(count))


def upload(cloud: CloudUnderTest, token: str, count: int = 16) -> NativeImage:
    try:
        return cloud.images.upload(token, "golden", cloud.disk_format, count * len(_CHUNK), chunks(count))
    except NotSupported as error:
        pytest.skip(error.message)


def test_get_returns_native_images(cloud: CloudUnderTest) -> None:
    image = cloud.images.get(cloud.image)
    assert image.id == cloud.image
    assert image.name
    assert image.token == ""
    assert image.min_disk_gib >= 0


def test_get_raises_native_not_found(cloud: CloudUnderTest) -> None:
    with pytest.raises(NativeNotFound):
        cloud.images.get(cloud.unknown_image)


def test_upload_with_the_same_token_returns_the_same_image(cloud: CloudUnderTest) -> None:
    token = str(uuid4())
    image = upload(cloud, token)
    assert (image.name, image.token) == ("golden", token)
    assert upload(cloud, token).id == image.id
    assert cloud.images.get(image.id) == image


def test_server_from_an_uploaded_image(cloud: CloudUnderTest) -> None:
    image = upload(cloud, str(uuid4()))
    server = cloud.create_server(ServerSpec(str(uuid4()), "web-1", cloud.small, image.id))
    assert server.image_id == image.id


def test_incomplete_upload_creates_no_image(cloud: CloudUnderTest) -> None:
    token = str(uuid4())
    upload(cloud, str(uuid4()))
    with pytest.raises(CloudError):
        cloud.images.upload(token, "half", cloud.disk_format, 16 * len(_CHUNK), chunks(8))
    assert upload(cloud, token).token == token


def test_delete_is_idempotent(cloud: CloudUnderTest) -> None:
    image = upload(cloud, str(uuid4()))
    cloud.images.delete(image.id)
    cloud.images.delete(image.id)
    with pytest.raises(NativeNotFound):
        cloud.images.get(image.id)


def test_native_images_are_not_deleted(cloud: CloudUnderTest) -> None:
    with suppress(RequestRejected):
        cloud.images.delete(cloud.image)
    assert cloud.images.get(cloud.image).id == cloud.image
