"""The lifecycle of a volume, and its events."""

import pytest

from stratiform.contract import registry
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.volume import NativeVolumeState
from stratiform.kit.clock import SECOND_US, format_iso_naive
from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.services.clouds.model import ResourceType
from stratiform.services.volume.errors import InvalidInput, InvalidVolume, VolumeNotFound, VolumeTypeNotFound
from stratiform.services.volume.model import NewVolume, VolumeFilter
from support.stacks import customer
from support.volumes import VolumeHarness


def test_create_extend_delete(volumes_on: VolumeHarness) -> None:
    volumes = volumes_on
    volume = volumes.create(NewVolume(2, name="data", metadata={"for": "tests"}))
    assert (volume.status, volume.zone, volume.native_id) == ("creating", "zone-a", "")
    volumes.run_worker()
    created = volumes.get(volume.id)
    assert (created.status, created.size_gib) == ("available", 2)
    [disk] = volumes.native_volumes()
    assert (disk.token, disk.id, disk.size_gib) == (volume.id, created.native_id, 2)
    with volumes.ctx() as ctx:
        volumes.service.volume_actions.extend(ctx, volume.id, 5)
        assert volumes.service.volumes.get(ctx, volume.id).status == "extending"
    volumes.run_worker()
    assert (volumes.get(volume.id).status, volumes.get(volume.id).size_gib) == ("available", 5)
    assert volumes.native_volumes()[0].size_gib == 5
    with volumes.ctx() as ctx:
        volumes.service.volumes.delete(ctx, volume.id)
    volumes.run_worker()
    assert volumes.native_volumes() == []
    with volumes.ctx() as ctx, pytest.raises(VolumeNotFound):
        volumes.service.volumes.get(ctx, volume.id)
    assert volumes.event_types() == ["volume.create.end", "volume.resize.end", "volume.delete.end"]


def test_events_have_cinders_payload_and_the_times_of_usage(volumes: VolumeHarness) -> None:
    requested_at = volumes.harness.clock.now()
    volume = volumes.create_available(NewVolume(3, name="data", metadata={"a": "b"}))
    deleted_at = volumes.harness.clock.now()
    with volumes.ctx() as ctx:
        volumes.service.volumes.delete(ctx, volume.id)
    volumes.run_worker()
    created, deleted = volumes.events()
    assert volume.launched_at is not None
    assert created.cloud == "sim"
    assert created.publisher_id == "volume.sim@stratiform"
    assert created.payload == {
        "tenant_id": "p1",
        "host": "sim@stratiform",
        "user_id": "u1",
        "availability_zone": "zone-a",
        "volume_id": volume.id,
        "volume_type": volume.type_id,
        "volume_type_name": "standard",
        "display_name": "data",
        "launched_at": format_iso_naive(volume.launched_at) + "+00:00",
        "created_at": format_iso_naive(requested_at) + "+00:00",
        "terminated_at": None,
        "deleted_at": None,
        "status": "available",
        "snapshot_id": None,
        "size": 3,
        "replication_status": None,
        "replication_extended_status": None,
        "replication_driver_data": None,
        "metadata": [{"key": "a", "value": "b"}],
        "volume_attachment": [],
    }
    assert deleted.payload["status"] == "deleted"
    assert deleted.payload["terminated_at"] == format_iso_naive(deleted_at) + "+00:00"
    assert deleted.payload["launched_at"] == created.payload["launched_at"]


def test_a_lost_create_response_creates_no_second_native_volume(volumes: VolumeHarness) -> None:
    volumes.cloud.client.set_faults(lose_next=1)
    volume = volumes.create_available()
    assert volume.status == "available"
    assert volumes.cloud.client.count_created("volumes") == {volume.id: 1}


def test_delete_after_a_lost_create_response_leaves_no_native_volume(volumes: VolumeHarness) -> None:
    """The operator deletes the volume after the create response was lost and before the retry."""
    volume = volumes.create()
    volumes.cloud.client.set_faults(lose_next=1)
    volumes.run_due_work()
    assert len(volumes.native_volumes()) == 1
    assert volumes.get(volume.id).native_id == ""
    with volumes.ctx(volumes.admin()) as ctx:
        volumes.service.volumes.delete(ctx, volume.id, force=True)
    volumes.run_worker()
    assert volumes.native_volumes() == []


def test_an_unreachable_cloud_is_retried(volumes: VolumeHarness) -> None:
    volumes.cloud.client.set_faults(fail_percent=100)
    volume = volumes.create()
    volumes.run_worker(3)
    assert volumes.get(volume.id).status == "creating"
    volumes.cloud.client.clear_faults()
    volumes.run_worker(10)
    assert volumes.get(volume.id).status == "available"


def test_a_rejected_create_ends_in_error_and_can_be_deleted(volumes: VolumeHarness) -> None:
    with volumes.ctx(volumes.admin()) as ctx:
        volume_type = volumes.service.volume_types.create(ctx, "odd")
        volumes.service.clouds.native_ids.register(
            ctx, volumes.cloud_id, ResourceType.VOLUME_TYPE, volume_type.id, "no-such-kind"
        )
    volume = volumes.create_available(NewVolume(1, volume_type="odd"))
    assert (volume.status, volume.launched_at) == ("error", None)
    assert "no-such-kind" in volume.fault
    with volumes.ctx() as ctx:
        volumes.service.volumes.delete(ctx, volume.id)
    volumes.run_worker()
    assert volumes.event_types() == ["volume.update.end", "volume.delete.end"]


def test_a_volume_type_maps_to_a_native_type(volumes: VolumeHarness) -> None:
    with volumes.ctx(volumes.admin()) as ctx:
        fast = next(volume_type for volume_type in volumes.service.volume_types.list(ctx) if volume_type.name == "fast")
        volumes.service.clouds.native_ids.register(ctx, volumes.cloud_id, ResourceType.VOLUME_TYPE, fast.id, "fast")
    volume = volumes.create_available(NewVolume(1, volume_type="fast"))
    assert volumes.native_volumes()[0].native_type == "fast"
    with volumes.ctx() as ctx, pytest.raises(Invalid, match="cannot be retyped"):
        volumes.service.volume_actions.retype(ctx, volume.id, "standard")


def test_retype_to_a_type_with_the_same_native_type(volumes: VolumeHarness) -> None:
    volume = volumes.create_available()
    with volumes.ctx() as ctx:
        volumes.service.volume_actions.retype(ctx, volume.id, "fast")
        fast = volumes.service.volumes.get(ctx, volume.id).type_id
        with pytest.raises(InvalidInput, match="same as original"):
            volumes.service.volume_actions.retype(ctx, volume.id, "fast")
    assert volumes.events()[-1].event_type == "volume.retype"
    assert volumes.events()[-1].payload["volume_type"] == fast


def test_invalid_parameters_are_refused(volumes: VolumeHarness) -> None:
    with volumes.ctx() as ctx:
        create = volumes.service.volumes.create
        with pytest.raises(InvalidInput, match="greater than 0"):
            create(ctx, NewVolume(0))
        with pytest.raises(InvalidInput, match="'None' must be an integer"):
            create(ctx, NewVolume(None))
        with pytest.raises(VolumeTypeNotFound):
            create(ctx, NewVolume(1, volume_type="no-such"))
        with pytest.raises(InvalidInput, match="Availability zone 'mars' is invalid"):
            create(ctx, NewVolume(1, availability_zone="mars"))
        with pytest.raises(NotFound, match=r"Snapshot s1 could not be found\."):
            create(ctx, NewVolume(1, snapshot_id="s1"))
        with pytest.raises(NotFound, match=r"Volume v1 could not be found\."):
            create(ctx, NewVolume(1, source_volume_id="v1"))
        with pytest.raises(Invalid, match="Invalid image identifier"):
            create(ctx, NewVolume(1, image_id="no-such-image"))
    with volumes.ctx(customer("unbound")) as ctx, pytest.raises(Conflict, match="not bound to a cloud"):
        volumes.service.volumes.create(ctx, NewVolume(1))
    with volumes.ctx(customer("p1", "reader")) as ctx, pytest.raises(Forbidden):
        volumes.service.volumes.create(ctx, NewVolume(1))


def test_a_connector_without_volume_module_lacks_the_capability() -> None:
    assert registry.has_capability("memory", "volume")
    assert not registry.has_capability("memory", "no_such_capability")
    assert not registry.has_capability("no_such_cloud", "volume")


def test_statuses_restrict_operations_as_in_cinder(volumes: VolumeHarness) -> None:
    volume = volumes.create()
    service = volumes.service
    with volumes.ctx() as ctx:
        with pytest.raises(InvalidVolume, match="status must be available or error"):
            service.volumes.delete(ctx, volume.id)
        with pytest.raises(InvalidVolume, match="to extend, currently creating"):
            service.volume_actions.extend(ctx, volume.id, 4)
    volumes.run_worker()
    volumes.attach(volume.id)
    with volumes.ctx(volumes.admin()) as ctx:
        with pytest.raises(InvalidVolume):
            service.volumes.delete(ctx, volume.id, force=True)
        with pytest.raises(InvalidInput, match="must be greater than current size"):
            service.volume_actions.extend(ctx, volume.id, 1, allow_in_use=True)
        with pytest.raises(InvalidVolume, match="currently in-use"):
            service.volume_actions.extend(ctx, volume.id, 4)
        service.volume_actions.extend(ctx, volume.id, 4, allow_in_use=True)
    volumes.run_worker()
    assert (volumes.get(volume.id).status, volumes.get(volume.id).size_gib) == ("in-use", 4)


def test_a_rejected_extend_keeps_the_size(volumes: VolumeHarness) -> None:
    volume = volumes.create_available(NewVolume(2))
    disks = volumes.cloud.volume
    assert disks is not None
    disks.delete(volume.native_id)
    volumes.harness.clock.advance(SECOND_US)
    with volumes.ctx() as ctx:
        volumes.service.volume_actions.extend(ctx, volume.id, 4)
    volumes.run_worker()
    assert (volumes.get(volume.id).status, volumes.get(volume.id).size_gib) == ("error", 2)


def test_another_project_sees_no_volume(volumes: VolumeHarness) -> None:
    volume = volumes.create_available()
    service = volumes.service
    with volumes.ctx(customer("p2")) as ctx:
        with pytest.raises(VolumeNotFound):
            service.volumes.get(ctx, volume.id)
        with pytest.raises(VolumeNotFound):
            service.volumes.delete(ctx, volume.id)
        assert service.volumes.count(ctx, VolumeFilter()) == 0
        assert service.volumes.count(ctx, VolumeFilter(), all_projects=True) == 0
    with volumes.ctx(customer("p1", "reader")) as ctx:
        assert service.volumes.count(ctx, VolumeFilter()) == 1
        with pytest.raises(Forbidden):
            service.volumes.delete(ctx, volume.id)
        with pytest.raises(Forbidden):
            service.volume_actions.reset_status(ctx, volume.id, "error")


def test_reset_status(volumes: VolumeHarness) -> None:
    volume = volumes.create_available()
    volumes.attach(volume.id)
    with volumes.ctx(volumes.admin()) as ctx:
        with pytest.raises(InvalidInput):
            volumes.service.volume_actions.reset_status(ctx, volume.id, "splendid")
        volumes.service.volume_actions.reset_status(ctx, volume.id, "error", detach=True)
        assert volumes.service.attachments.list_by_server(ctx.db, "s1") == []
        volumes.service.volumes.delete(ctx, volume.id, force=True)
    volumes.run_worker()
    assert all(disk.state is not NativeVolumeState.AVAILABLE for disk in volumes.native_volumes())


def test_create_from_an_image(volumes: VolumeHarness) -> None:
    services = volumes.harness.services
    with volumes.ctx() as ctx:
        image = services.image.images.create(
            ctx, {"name": "debian", "disk_format": "raw", "container_format": "bare", "min_disk": 2}
        )
        with pytest.raises(Invalid, match="is not active"):
            volumes.service.volumes.create(ctx, NewVolume(2, image_id=image.id))
    with volumes.ctx() as ctx:
        incoming = services.image.image_data.begin_upload(ctx, image.id)
    incoming.write(b"bytes")
    services.image.image_data.finish_upload(incoming)
    with volumes.ctx() as ctx, pytest.raises(InvalidInput, match="larger than the volume size"):
        volumes.service.volumes.create(ctx, NewVolume(1, image_id=image.id))
    volume = volumes.create_available(NewVolume(2, image_id=image.id))
    assert (volume.status, volume.bootable) == ("available", True)
    assert (volume.image_metadata["image_id"], volume.image_metadata["min_disk"]) == (image.id, "2")
    assert volumes.cloud.client.count_created("images") == {image.id: 1}


def test_usage_continues_if_the_native_volume_cannot_be_deleted(volumes: VolumeHarness) -> None:
    """A volume that was attached directly in the cloud remains there, in state `error_deleting`."""
    volume = volumes.create_available()
    machines = volumes.cloud.compute
    assert machines is not None
    machine = machines.create(ServerSpec("m1", "web", ServerSize(1, 512, 1), "memory-cirros"))
    volumes.harness.clock.advance(SECOND_US)
    machines.attach_volume(machine.id, volume.native_id, "/dev/vdb")
    with volumes.ctx() as ctx:
        volumes.service.volumes.delete(ctx, volume.id)
        volumes.service.volumes.update(ctx, volume.id, name="leaving")
    volumes.run_worker()
    failed = volumes.get(volume.id)
    assert (failed.status, failed.terminated_at) == ("error_deleting", None)
    assert {event.payload["terminated_at"] for event in volumes.events()} == {None}
    machines.detach_volume(machine.id, volume.native_id)
    volumes.harness.clock.advance(SECOND_US)
    ended = volumes.harness.clock.now()
    with volumes.ctx() as ctx:
        volumes.service.volumes.delete(ctx, volume.id)
    volumes.run_worker()
    assert volumes.events()[-1].payload["terminated_at"] == format_iso_naive(ended) + "+00:00"
