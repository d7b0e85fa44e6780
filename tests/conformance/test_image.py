"""What contract.image promises."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import NativeServerState, ServerSpec
from stratiform.contract.errors import CloudError, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage

_PIECE = bytes(64 * 1024)


def pieces(number: int) -> Iterator[bytes]:
    return (_PIECE for _ in range(number))


def uploaded(cloud: CloudUnderTest, token: str, number: int = 16) -> NativeImage:
    try:
        return cloud.images.upload(token, "golden", "qcow2", number * len(_PIECE), pieces(number))
    except NotSupported as error:
        pytest.skip(error.message)


def test_the_clouds_own_images_are_shown(cloud: CloudUnderTest) -> None:
    image = cloud.images.get(cloud.image)
    assert image.id == cloud.image
    assert image.name
    assert image.token == ""
    assert image.min_disk_gib >= 0


def test_an_unknown_image_is_gone(cloud: CloudUnderTest) -> None:
    with pytest.raises(NativeNotFound):
        cloud.images.get(cloud.unknown_image)


def test_an_image_is_uploaded_once(cloud: CloudUnderTest) -> None:
    token = str(uuid4())
    made = uploaded(cloud, token)
    assert (made.name, made.token) == ("golden", token)
    assert uploaded(cloud, token).id == made.id
    assert cloud.images.get(made.id) == made


def test_a_machine_runs_from_an_uploaded_image(cloud: CloudUnderTest) -> None:
    made, compute = uploaded(cloud, str(uuid4())), cloud.compute
    machine = compute.create(ServerSpec(str(uuid4()), "web-1", cloud.small, made.id))
    seen = cloud.until(lambda: compute.get(machine.id), lambda seen: seen.state is NativeServerState.RUNNING)
    assert seen.image_id == made.id


def test_half_an_image_is_no_image(cloud: CloudUnderTest) -> None:
    token = str(uuid4())
    uploaded(cloud, str(uuid4()))
    with pytest.raises(CloudError):
        cloud.images.upload(token, "half", "qcow2", 16 * len(_PIECE), pieces(8))
    made = uploaded(cloud, token)
    assert made.token == token


def test_an_uploaded_image_is_deleted(cloud: CloudUnderTest) -> None:
    made = uploaded(cloud, str(uuid4()))
    cloud.images.delete(made.id)
    cloud.images.delete(made.id)
    with pytest.raises(NativeNotFound):
        cloud.images.get(made.id)


def test_the_clouds_own_images_are_not_deleted(cloud: CloudUnderTest) -> None:
    with suppress(RequestRejected):
        cloud.images.delete(cloud.image)
    assert cloud.images.get(cloud.image).id == cloud.image
