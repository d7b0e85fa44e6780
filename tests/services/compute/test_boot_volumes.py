"""Servers whose root disk is a volume, from the request to the end of the usage."""

import pytest

from stratiform.kit.errors import Forbidden, Invalid, OverLimit
from stratiform.services.compute.errors import QuotaExceeded
from stratiform.services.compute.model import BlockDevice, Server
from stratiform.services.volume.model import NewSnapshot, Volume
from support.servers import ServerHarness
from support.stacks import customer


def from_image(servers: ServerHarness, size_gib: int = 2, *, delete: bool = True) -> BlockDevice:
    """Return a root volume that is created from the image of the tests."""
    return BlockDevice(
        "image", "volume", servers.image_id, boot_index=0, size_gib=size_gib, delete_on_termination=delete
    )


def create(servers: ServerHarness, *devices: BlockDevice, seconds: int = 4) -> Server:
    server = servers.create(image_id="", block_devices=devices)
    servers.run_worker(seconds)
    return servers.get(server.id)


def delete(servers: ServerHarness, server: Server) -> None:
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    servers.run_worker(4)


def test_a_server_boots_from_a_volume_that_is_created_from_an_image(servers: ServerHarness) -> None:
    server = create(servers, from_image(servers))
    assert (server.status, server.image_id, server.image["name"]) == ("ACTIVE", "", "cirros")
    [volume] = servers.list_volumes()
    assert (volume.status, volume.size_gib, volume.bootable, volume.image_id) == ("in-use", 2, True, servers.image_id)
    [native] = servers.native_servers()
    assert native.volume_ids == (volume.native_id,)
    with servers.ctx() as ctx:
        [detail] = servers.compute.servers.load_details(ctx, [server])
    [attachment] = detail.attachments
    assert (attachment.device, attachment.state, attachment.boot_index) == ("/dev/vda", "attached", 0)
    delete(servers, server)
    assert [row.status for row in servers.list_volumes()] == ["deleted"]
    assert servers.get(server.id).status == "DELETED"


def test_the_disk_of_the_server_is_metered_as_a_volume_only(servers: ServerHarness) -> None:
    server = create(servers, from_image(servers))
    [event] = [event for event in servers.events(server.id) if event.event_type.endswith("create.end")]
    assert (event.payload["root_gb"], event.payload["disk_gb"], event.payload["image_ref_url"]) == (0, 0, "/images/")
    assert servers.cloud.usage is not None
    items = {item.resource_type: item for item in servers.cloud.usage.list_inventory()}
    assert (items["instance"].attributes["root_gib"], items["volume"].attributes["size_gib"]) == (0, 2)


def test_a_server_boots_from_an_existing_volume_which_stays(servers: ServerHarness) -> None:
    volume = servers.create_volume(2, servers.image_id)
    server = create(servers, BlockDevice("volume", "volume", volume.id, boot_index=0))
    assert (server.status, server.image["name"]) == ("ACTIVE", "cirros")
    with servers.ctx() as ctx, pytest.raises(Forbidden) as error:
        servers.compute.volume_attachments.detach(ctx, server.id, volume.id)
    assert error.value.message == "Cannot detach a root device volume"
    delete(servers, server)
    [volume_after] = servers.list_volumes()
    assert (volume_after.id, volume_after.status) == (volume.id, "available")


def test_a_server_boots_from_a_snapshot_with_further_volumes(servers: ServerHarness) -> None:
    volume = servers.create_volume(2, servers.image_id)
    with servers.ctx() as ctx:
        snapshot = servers.harness.services.volume.snapshots.create(ctx, NewSnapshot(volume.id))
    servers.run_worker(3)
    server = create(
        servers,
        BlockDevice("snapshot", "volume", snapshot.id, boot_index=0, delete_on_termination=True),
        BlockDevice("blank", "volume", size_gib=3, tag="data"),
    )
    assert server.status == "ACTIVE"
    sizes = {row.name: row.size_gib for row in servers.list_volumes() if row.id != volume.id}
    assert sizes == {"": 2, f"{server.id}-blank-vol": 3}
    delete(servers, server)
    assert {row.size_gib: row.status for row in servers.list_volumes() if row.id != volume.id} == {
        2: "deleted",
        3: "available",
    }


def test_a_failed_boot_leaves_no_volume(servers: ServerHarness) -> None:
    servers.cloud.client.set_faults(break_percent=100)
    server = create(
        servers, from_image(servers), BlockDevice("blank", "volume", size_gib=1, delete_on_termination=True)
    )
    assert (server.status, server.fault is not None) == ("ERROR", True)
    delete(servers, server)
    assert {row.status for row in servers.list_volumes()} == {"deleted"}
    assert servers.cloud.volume is not None
    assert list(servers.cloud.volume.list()) == []


def test_a_volume_that_cannot_be_created_fails_the_server_and_is_deleted(servers: ServerHarness) -> None:
    device = BlockDevice("blank", "volume", size_gib=1, delete_on_termination=True)
    server = servers.create(image_id="", block_devices=(from_image(servers), device))
    blank = next(row for row in servers.list_volumes() if row.name)
    with servers.ctx(customer("p1", "admin")) as ctx:
        servers.harness.services.volume.volume_actions.reset_status(ctx, blank.id, "error")
    servers.run_worker(4)
    failed = servers.get(server.id)
    assert failed.fault is not None
    assert failed.fault["message"].endswith(f"Volume {blank.id} did not finish being created. And its status is error.")
    assert {row.status for row in servers.list_volumes()} == {"deleted"}
    assert servers.native_servers() == []


def test_deletion_during_the_build_leaves_no_volume(servers: ServerHarness) -> None:
    server = servers.create(image_id="", block_devices=(from_image(servers),))
    delete(servers, server)
    assert [row.status for row in servers.list_volumes()] == ["deleted"]
    assert servers.cloud.volume is not None
    assert list(servers.cloud.volume.list()) == []


def test_quotas_of_volumes_hold_and_refused_requests_leave_nothing(servers: ServerHarness) -> None:
    with servers.ctx(customer("p1", "admin")) as ctx:
        servers.harness.services.volume.quota_sets.update(ctx, "p1", {"gigabytes": 3})
    with pytest.raises(OverLimit) as error, servers.ctx() as ctx:
        servers.compute.servers.create(
            ctx, servers.new_server(image_id="", block_devices=(from_image(servers),), max_count=2, min_count=2)
        )
    assert not isinstance(error.value, QuotaExceeded)
    assert error.value.message.startswith("VolumeSizeExceedsAvailableQuota")
    assert (servers.rows(), servers.list_volumes()) == ([], [])


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        (
            (BlockDevice("blank", "volume", size_gib=1),),
            "Boot sequence for the instance and image/block device mapping combination is not valid.",
        ),
        (
            (BlockDevice("image", "volume", "IMAGE", boot_index=0),),
            "Images with destination_type 'volume' need to have a non-zero size specified",
        ),
        (
            (BlockDevice("image", "volume", "IMAGE", boot_index=0, size_gib=1), BlockDevice("blank", "volume")),
            "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size",
        ),
        ((BlockDevice("volume", "volume", "none", boot_index=0),), "failed to get volume none."),
        ((BlockDevice("snapshot", "volume", "none", boot_index=0),), "failed to get snapshot none."),
        ((BlockDevice("volume", "volume", boot_index=0),), "Missing device UUID."),
    ],
)
def test_invalid_devices_are_refused_before_anything_is_created(
    servers: ServerHarness, devices: tuple[BlockDevice, ...], message: str
) -> None:
    resolved = tuple(
        from_image(servers, device.size_gib or 0) if device.source_id == "IMAGE" else device for device in devices
    )
    with servers.ctx() as ctx, pytest.raises(Invalid) as error:
        servers.compute.servers.create(ctx, servers.new_server(image_id="", block_devices=resolved))
    assert error.value.message == f"Block Device Mapping is Invalid: {message}"
    assert servers.list_volumes() == []


def test_a_volume_without_an_image_is_not_bootable(servers: ServerHarness) -> None:
    volume = servers.create_volume()
    with servers.ctx() as ctx, pytest.raises(Invalid) as error:
        servers.compute.servers.create(
            ctx,
            servers.new_server(image_id="", block_devices=(BlockDevice("volume", "volume", volume.id, boot_index=0),)),
        )
    assert error.value.message == f"Block Device {volume.id} is not bootable."


def test_shelving_keeps_the_root_volume(servers: ServerHarness) -> None:
    server = create(servers, from_image(servers))
    [volume] = servers.list_volumes()
    with servers.ctx() as ctx:
        servers.compute.server_state_actions.shelve(ctx, server.id)
    servers.run_worker(3)
    assert servers.get(server.id).status == "SHELVED_OFFLOADED"
    assert (servers.native_servers(), servers.list_volumes()[0].status) == ([], "in-use")
    with servers.ctx() as ctx:
        servers.compute.server_state_actions.unshelve(ctx, server.id)
    servers.run_worker(3)
    assert servers.get(server.id).status == "ACTIVE"
    assert servers.native_servers()[0].volume_ids == (volume.native_id,)


def test_rescue_of_a_volume_needs_an_image_and_the_microversion(servers: ServerHarness) -> None:
    server = create(servers, from_image(servers))
    actions = servers.compute.server_state_actions
    for image_id, allowed in (("", True), (servers.image_id, False)):
        with servers.ctx() as ctx, pytest.raises(Invalid) as error:
            actions.rescue(ctx, server.id, image_id, allow_volumes=allowed)
        assert error.value.message.endswith("Cannot rescue a volume-backed instance")
    with servers.ctx() as ctx:
        actions.rescue(ctx, server.id, servers.image_id, allow_volumes=True)
    servers.run_worker(2)
    assert servers.get(server.id).status == "RESCUE"


def _content(servers: ServerHarness, volume: Volume) -> str:
    """Return what the simulated cloud has in a volume."""
    with servers.cloud.client.open_request() as request:
        row = request.find_row("SELECT content FROM volumes WHERE id = ?", volume.native_id)
    return "" if row is None else str(row["content"])


def test_rebuild_keeps_the_data_unless_the_microversion_writes_the_image(servers: ServerHarness) -> None:
    server = create(servers, from_image(servers))
    [volume] = servers.list_volumes()
    with servers.cloud.client.open_request(writes=True) as request:
        request.db.execute("UPDATE volumes SET content = 'changed'")
    actions = servers.compute.server_actions
    with servers.ctx() as ctx, pytest.raises(Invalid) as error:
        actions.rebuild(ctx, server.id, "other")
    assert error.value.message == "Unable to rebuild with a different image for a volume-backed server."
    with servers.ctx() as ctx:
        actions.rebuild(ctx, server.id, servers.image_id)
    servers.run_worker(2)
    assert (servers.get(server.id).status, _content(servers, volume)) == ("ACTIVE", "changed")
    with servers.ctx() as ctx:
        actions.rebuild(ctx, server.id, servers.image_id, allow_reimage=True)
    servers.run_worker(2)
    assert (servers.get(server.id).status, _content(servers, volume)) == ("ACTIVE", "memory-cirros")
    assert servers.get(server.id).image_id == ""


def test_an_image_of_the_server_consists_of_snapshots_from_which_others_boot(servers: ServerHarness) -> None:
    server = create(servers, from_image(servers))
    with servers.ctx() as ctx:
        image_id = servers.compute.server_snapshots.create_image(ctx, server.id, "golden", {})
        image = servers.harness.services.image.images.get(ctx, image_id)
    assert (image.status, image.size, image.properties["bdm_v2"]) == ("active", 0, "True")
    servers.run_worker(3)
    copy = servers.create(image_id=image_id)
    servers.run_worker(4)
    assert (servers.get(copy.id).status, servers.get(copy.id).image_id) == ("ACTIVE", "")
    assert [row.size_gib for row in servers.list_volumes()] == [2, 2]


def test_swap_replaces_a_volume_by_a_larger_one(servers: ServerHarness) -> None:
    server = create(servers, from_image(servers))
    [old] = servers.list_volumes()
    new = servers.create_volume(3)
    with servers.ctx(customer("p1", "admin")) as ctx:
        servers.compute.volume_attachments.swap(ctx, server.id, old.id, new.id)
    servers.run_worker(2)
    by_id = {row.id: row for row in servers.list_volumes()}
    assert (by_id[old.id].status, by_id[new.id].status) == ("available", "in-use")
    with servers.ctx() as ctx:
        [attachment] = servers.compute.volume_attachments.list(ctx, server.id)
    assert (attachment.volume_id, attachment.device, attachment.is_root) == (new.id, "/dev/vda", True)
    assert _content(servers, by_id[new.id]) == "memory-cirros"
