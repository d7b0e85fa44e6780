"""Conformance to contract.volume."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.registry import has_reimage
from stratiform.contract.volume import NativeVolumeState, ReimageDriver, VolumeSpec


def new_spec(**overrides: Any) -> VolumeSpec:
    values: dict[str, Any] = {"name": "data", "size_gib": 2, **overrides}
    return VolumeSpec(token=str(uuid4()), **values)


def test_created_volume_becomes_available(cloud: CloudUnderTest) -> None:
    spec = new_spec(metadata={"tier": "db"})
    created = cloud.volume.create(spec)
    assert created.state in (NativeVolumeState.CREATING, NativeVolumeState.AVAILABLE)
    volume = cloud.wait_for_volume(created.id)
    assert (volume.id, volume.token, volume.size_gib, volume.server_id) == (created.id, spec.token, 2, "")
    assert volume.created_at is not None
    assert volume.fault == ""


def test_create_with_the_same_token_returns_the_same_volume(cloud: CloudUnderTest) -> None:
    spec = new_spec()
    volume = cloud.volume.create(spec)
    assert cloud.volume.create(spec).id == volume.id
    assert [item.id for item in cloud.volume.list()] == [volume.id]


def test_concurrent_creates_with_one_token_create_one_volume(cloud: CloudUnderTest) -> None:
    if not cloud.supports_concurrent_creates:
        pytest.skip("the test server ignores idempotency tokens")
    volume = cloud.volume
    with ThreadPoolExecutor(4) as pool:
        volumes = list(pool.map(volume.create, [new_spec()] * 8))
    assert len({item.id for item in volumes}) == 1


def test_volumes_of_other_installations_are_not_listed(cloud: CloudUnderTest) -> None:
    spec = new_spec()
    volume = cloud.volume.create(spec)
    other = cloud.connect(uuid4().hex).volume
    assert other is not None
    assert other.find(spec.token) is None
    assert list(other.list()) == []
    assert [item.id for item in cloud.volume.list()] == [volume.id]


def test_volume_has_the_specified_type_or_the_default(cloud: CloudUnderTest) -> None:
    assert cloud.create_volume(new_spec(native_type=cloud.volume_type)).native_type == cloud.volume_type
    assert cloud.create_volume().native_type not in ("", cloud.volume_type)


def test_unknown_type_is_rejected(cloud: CloudUnderTest) -> None:
    spec = new_spec(native_type="no-such-type")
    with pytest.raises(RequestRejected):
        cloud.volume.create(spec)
    assert cloud.volume.find(spec.token) is None


def test_volume_from_an_image(cloud: CloudUnderTest) -> None:
    if not cloud.stores_data:
        pytest.skip("the volumes of the test server have no data")
    try:
        volume = cloud.create_volume(new_spec(image_id=cloud.image, size_gib=20))
    except NotSupported as error:
        pytest.skip(error.message)
    assert volume.size_gib == 20


def test_an_image_is_written_to_a_volume(cloud: CloudUnderTest) -> None:
    if not has_reimage(cloud.kind):
        pytest.skip("this cloud cannot write images to existing volumes")
    assert isinstance(cloud.volume, ReimageDriver)
    volume = cloud.create_volume(new_spec(size_gib=20))
    cloud.volume.reimage(volume.id, cloud.image)
    assert cloud.volume.get(volume.id).state in (NativeVolumeState.CREATING, NativeVolumeState.AVAILABLE)
    assert cloud.wait_for_volume(volume.id).size_gib == 20
    with pytest.raises(RequestRejected):
        cloud.volume.reimage(volume.id, cloud.unknown_image)
    with pytest.raises(NativeNotFound):
        cloud.volume.reimage("no-such-volume", cloud.image)
    server = cloud.create_server()
    cloud.compute.attach_volume(server.id, volume.id, "/dev/vdb")
    with pytest.raises(RequestRejected):
        cloud.volume.reimage(volume.id, cloud.image)


def test_extend_is_idempotent_and_cannot_shrink(cloud: CloudUnderTest) -> None:
    volume, volume_id = cloud.volume, cloud.create_volume().id
    for _ in range(2):
        volume.extend(volume_id, 5)
    cloud.wait_for(lambda: volume.get(volume_id), lambda native: native.size_gib == 5)
    with pytest.raises(RequestRejected):
        volume.extend(volume_id, 3)
    assert volume.get(volume_id).size_gib == 5


def test_delete_is_idempotent(cloud: CloudUnderTest) -> None:
    volume, native = cloud.volume, cloud.create_volume()
    volume.delete(native.id)
    volume.delete(native.id)
    cloud.wait_for(lambda: volume.find(native.token), lambda item: item is None)
    volume.delete(native.id)
    with pytest.raises(NativeNotFound):
        volume.get(native.id)
    assert list(volume.list()) == []


def test_attached_volume_cannot_be_deleted(cloud: CloudUnderTest) -> None:
    volume_id, server_id = cloud.create_volume().id, cloud.create_server().id
    cloud.compute.attach_volume(server_id, volume_id, "/dev/vdb")
    with pytest.raises(RequestRejected):
        cloud.volume.delete(volume_id)
    assert cloud.volume.get(volume_id).state is NativeVolumeState.IN_USE


def test_list_returns_all_volumes(cloud: CloudUnderTest) -> None:
    ids = {cloud.volume.create(new_spec()).id for _ in range(12)}
    assert {volume.id for volume in cloud.volume.list()} == ids
