"""Volume, snapshot and image capabilities of CloudStack, beyond the conformance tests."""

from collections.abc import Iterator

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.contract.errors import CloudError, CloudUnreachable, NotSupported, RequestRejected
from stratiform.contract.snapshot import NativeSnapshotState, SnapshotSpec
from stratiform.contract.volume import NativeVolumeState
from support.cloudstack.api_server import ApiServer
from support.cloudstack.scenarios import (
    compute_of,
    create_server,
    create_volume,
    images_of,
    list_owned,
    snapshot_of,
    volume_of,
    wait_for,
)
from support.cloudstack.state import ApiError


def create_used_volume(cloud: CloudStackCloud, server: ApiServer, token: str = "v1") -> str:
    """Create a volume that has data, and is not attached any more."""
    server_id, volume_id = create_server(cloud, server).id, create_volume(cloud, token).id
    compute_of(cloud).attach_volume(server_id, volume_id, "/dev/vdb")
    compute_of(cloud).detach_volume(server_id, volume_id)
    return volume_id


def create_snapshot(cloud: CloudStackCloud, server: ApiServer, token: str = "x1") -> str:
    snapshot = snapshot_of(cloud).create(SnapshotSpec(token, "copy", create_used_volume(cloud, server)))
    server.state.finish_jobs()
    return snapshot.id


def test_size_and_offering_of_volumes(cloud: CloudStackCloud) -> None:
    assert create_volume(cloud).native_type == "Standard"
    assert create_volume(cloud, "v2", native_type="SSD").native_type == "SSD"
    fixed = create_volume(cloud, "v3", size_gib=10, native_type="Fixed 10")
    assert (fixed.native_type, fixed.size_gib) == ("Fixed 10", 10)
    with pytest.raises(RequestRejected, match="no disk offering has a size of 11 GiB"):
        create_volume(cloud, "v4", size_gib=11, native_type="Fixed 10")


def test_encrypted_volume_has_an_offering_that_encrypts(cloud: CloudStackCloud) -> None:
    assert create_volume(cloud, encrypted=True).native_type == "Vault"
    with pytest.raises(RequestRejected, match="no encrypted disk offering"):
        create_volume(cloud, "v2", encrypted=True, native_type="SSD")


def test_volume_of_a_fixed_size_gets_another_offering_when_it_grows(cloud: CloudStackCloud, server: ApiServer) -> None:
    volume = create_volume(cloud, size_gib=10, native_type="Fixed 10")
    volume_of(cloud).extend(volume.id, 12)
    grown = volume_of(cloud).get(volume.id)
    assert (grown.size_gib, grown.native_type) == (12, "Standard")


def test_failed_extension_is_an_error(cloud: CloudStackCloud, server: ApiServer) -> None:
    volume = create_volume(cloud)
    server.state.failing_jobs["ResizeVolumeCmd"] = ApiError(535, "Maximum primary storage exceeded", 4370)
    with pytest.raises(CloudError, match="Maximum primary storage"):
        volume_of(cloud).extend(volume.id, 100)
    assert volume_of(cloud).get(volume.id).size_gib == 4


def test_what_cloudstack_lacks_is_not_supported(cloud: CloudStackCloud) -> None:
    with pytest.raises(NotSupported, match="from an image"):
        create_volume(cloud, image_id="i1")
    with pytest.raises(NotSupported, match="several servers"):
        create_volume(cloud, multiattach=True)
    with pytest.raises(NotSupported):
        volume_of(cloud).set_multiattach("v1", multiattach=True)
    with pytest.raises(NotSupported):
        snapshot_of(cloud).create_consistent([])


def test_root_volume_is_not_listed_as_a_volume(cloud: CloudStackCloud, server: ApiServer) -> None:
    create_server(cloud, server)
    assert list(volume_of(cloud).list()) == []


def test_volume_without_data_cannot_be_copied(cloud: CloudStackCloud) -> None:
    with pytest.raises(RequestRejected, match="has no data yet") as raised:
        snapshot_of(cloud).create(SnapshotSpec("x1", "copy", create_volume(cloud).id))
    assert "attach" in raised.value.hint


def test_failed_snapshot_is_an_error_and_can_be_deleted(cloud: CloudStackCloud, server: ApiServer) -> None:
    volume_id = create_used_volume(cloud, server)
    server.state.failing_jobs["CreateSnapshotCmd"] = ApiError(530, "no secondary storage", 4250)
    snapshot = snapshot_of(cloud).create(SnapshotSpec("x1", "copy", volume_id))
    server.state.finish_jobs()
    assert snapshot_of(cloud).get(snapshot.id).state is NativeSnapshotState.ERROR
    snapshot_of(cloud).delete(snapshot.id)
    server.state.finish_jobs()
    assert list(snapshot_of(cloud).list()) == []


def test_volume_is_reverted_where_its_storage_can_do_that(cloud: CloudStackCloud, server: ApiServer) -> None:
    snapshot_id = create_snapshot(cloud, server)
    snapshot = server.state.tables["snapshots"][snapshot_id]
    with pytest.raises(NotSupported, match="cannot replace the data"):
        snapshot_of(cloud).restore(snapshot_id, snapshot["volumeid"])
    snapshot["revertable"] = True
    snapshot_of(cloud).restore(snapshot_id, snapshot["volumeid"])
    assert server.state.tables["volumes"][snapshot["volumeid"]]["_reverted_to"] == snapshot_id
    with pytest.raises(NotSupported):
        snapshot_of(cloud).restore(snapshot_id, create_volume(cloud, "v2").id)
    with pytest.raises(RequestRejected, match="not found"):
        snapshot_of(cloud).restore("no-such-snapshot", snapshot["volumeid"])


def test_volume_is_creating_until_the_snapshot_is_copied(cloud: CloudStackCloud, server: ApiServer) -> None:
    snapshot_id = create_snapshot(cloud, server)
    server.state.job_delay_s = 60
    assert create_volume(cloud, "v2", snapshot_id=snapshot_id).state is NativeVolumeState.CREATING


def test_interrupted_upload_is_started_again(cloud: CloudStackCloud, server: ApiServer) -> None:
    """The process was killed after it had requested the upload."""
    client = cloud._client
    client.request(
        "getUploadParamsForTemplate",
        name=client.build_marker("i1").append_to("golden"),
        displaytext="golden",
        format="QCOW2",
        hypervisor="KVM",
        ostypeid="1",
        zoneid=client.resolve_zone().id,
    )
    image = images_of(cloud).upload("i1", "golden", "qcow2", 4, iter([b"ab", b"cd"]))
    assert (image.is_ready, image.size_bytes) == (True, 4)
    assert [row["id"] for row in list_owned(server, "templates")] == [image.id]


@pytest.mark.parametrize("chunks", [[b"abc"], [b"abc", b"de"]])
def test_upload_of_the_wrong_size_leaves_no_image(
    cloud: CloudStackCloud, server: ApiServer, chunks: list[bytes]
) -> None:
    with pytest.raises(RequestRejected, match="bytes"):
        images_of(cloud).upload("i1", "golden", "qcow2", 4, iter(chunks))
    assert list_owned(server, "templates") == []


def test_failed_upload_leaves_no_image_and_shows_no_signature(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.inject(
        "getUploadParamsForTemplate",
        "change",
        change=lambda content: {"getuploadparams": {**content["getuploadparams"], "signature": "wrong-signature"}},
    )
    with pytest.raises(CloudUnreachable, match="failed with status 401") as raised:
        images_of(cloud).upload("i1", "golden", "qcow2", 4, iter([b"abcd"]))
    assert "wrong-signature" not in str(raised.value)
    assert list_owned(server, "templates") == []


def test_unknown_format_is_not_supported(cloud: CloudStackCloud) -> None:
    def data() -> Iterator[bytes]:
        raise AssertionError("read")
        yield b""

    with pytest.raises(NotSupported, match="disk format 'vdi'"):
        images_of(cloud).upload("i1", "golden", "vdi", 4, data())


def test_image_of_a_snapshot_is_deleted_with_it(cloud: CloudStackCloud, server: ApiServer) -> None:
    snapshot_id = create_snapshot(cloud, server, "i1")
    image = snapshot_of(cloud).create_image(snapshot_id, "i1", "golden")
    wait_for(lambda: images_of(cloud).get(image.id), lambda item: item.is_ready)
    images_of(cloud).delete(image.id)
    assert (list_owned(server, "templates"), list_owned(server, "snapshots")) == ([], [])
