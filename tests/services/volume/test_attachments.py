"""Attachments of volumes, as compute uses them."""

import pytest

from stratiform.kit.errors import NotFound
from stratiform.services.volume.errors import AttachmentNotFound, DeviceInUse, InvalidInput, InvalidVolume
from stratiform.services.volume.model import AttachmentOptions
from support.stacks import customer
from support.volumes import VolumeHarness


def test_attach_and_detach(volumes_on: VolumeHarness) -> None:
    volumes, service = volumes_on, volumes_on.service
    volume = volumes.create_available()
    with volumes.ctx() as ctx:
        attachment = service.attachments.begin_attach(ctx, volume.id, "s1")
        assert (attachment.device, attachment.state) == ("/dev/vdb", "attaching")
        assert service.volumes.get(ctx, volume.id).status == "attaching"
        assert service.attachments.list_by_server(ctx.db, "s1") == [attachment]
        assert service.attachments.group_by_server(ctx.db, ["s1", "s2"]) == {"s1": [attachment], "s2": []}
        assert service.attachments.get_native_volume_id(ctx.db, volume.id) == volume.native_id
        service.attachments.complete_attach(ctx.db, attachment.id, ctx.now)
        service.attachments.complete_attach(ctx.db, attachment.id, ctx.now)
        assert service.volumes.get(ctx, volume.id).status == "in-use"
        assert service.attachments.get(ctx, attachment.id).state == "attached"
        leaving = service.attachments.begin_detach(ctx, volume.id, "s1")
        assert (leaving.id, leaving.state) == (attachment.id, "detaching")
        assert service.volumes.get(ctx, volume.id).status == "detaching"
        service.attachments.complete_detach(ctx.db, attachment.id, ctx.now)
        service.attachments.complete_detach(ctx.db, attachment.id, ctx.now)
        assert service.volumes.get(ctx, volume.id).status == "available"
        assert service.attachments.list_by_server(ctx.db, "s1") == []
    assert volumes.event_types()[1:] == ["volume.attach.end", "volume.detach.end"]
    attached, detached = volumes.events()[1:]
    assert attached.payload["status"] == "in-use"
    [payload] = attached.payload["volume_attachment"]
    assert (payload["instance_uuid"], payload["mountpoint"], payload["attach_status"]) == ("s1", "/dev/vdb", "attached")
    assert (detached.payload["status"], detached.payload["volume_attachment"]) == ("available", [])


def test_a_failed_attach_appends_no_event(volumes: VolumeHarness) -> None:
    volume = volumes.create_available()
    with volumes.ctx() as ctx:
        attachment = volumes.service.attachments.begin_attach(ctx, volume.id, "s1")
        volumes.service.attachments.complete_detach(ctx.db, attachment.id, ctx.now)
        assert volumes.service.volumes.get(ctx, volume.id).status == "available"
    assert volumes.event_types() == ["volume.create.end"]


def test_device_paths_are_unique_per_server(volumes: VolumeHarness) -> None:
    first, second, third, fourth = (volumes.create_available() for _ in range(4))
    assert volumes.attach(first.id, "s1", "/dev/vdc").device == "/dev/vdc"
    assert volumes.attach(second.id, "s1").device == "/dev/vdb"
    assert volumes.attach(third.id, "s1").device == "/dev/vdd"
    with volumes.ctx() as ctx:
        with pytest.raises(DeviceInUse):
            volumes.service.attachments.begin_attach(ctx, fourth.id, "s1", AttachmentOptions("/dev/vdb"))
        with pytest.raises(InvalidInput):
            volumes.service.attachments.begin_attach(ctx, fourth.id, "s1", AttachmentOptions("/dev/../sda"))
    assert volumes.attach(fourth.id, "s2", "vdb").device == "/dev/vdb"


def test_a_volume_is_attached_to_one_server(volumes: VolumeHarness) -> None:
    volume = volumes.create_available()
    with volumes.ctx() as ctx:
        volumes.service.attachments.begin_attach(ctx, volume.id, "s1")
        with pytest.raises(InvalidVolume, match="must be available"):
            volumes.service.attachments.begin_attach(ctx, volume.id, "s2")
        with pytest.raises(InvalidVolume, match="Unable to detach"):
            volumes.service.attachments.begin_detach(ctx, volume.id, "s1")
        with pytest.raises(AttachmentNotFound):
            volumes.service.attachments.begin_detach(ctx, volume.id, "s2")


def test_an_extend_continues_while_the_volume_is_detached(volumes: VolumeHarness) -> None:
    """The extend ends in the status that the attachment has come to meanwhile."""
    volume = volumes.create_available()
    attachment = volumes.attach(volume.id)
    with volumes.ctx() as ctx:
        volumes.service.volume_actions.extend(ctx, volume.id, 2, allow_in_use=True)
        volumes.service.attachments.complete_detach(ctx.db, attachment.id, ctx.now)
        assert volumes.service.volumes.get(ctx, volume.id).status == "extending"
    volumes.run_worker()
    assert volumes.get(volume.id).status == "available"


def test_another_project_cannot_attach(volumes: VolumeHarness) -> None:
    volume = volumes.create_available()
    attachment = volumes.attach(volume.id)
    with volumes.ctx(customer("p2")) as ctx:
        with pytest.raises(NotFound):
            volumes.service.attachments.begin_attach(ctx, volume.id, "s1")
        with pytest.raises(AttachmentNotFound):
            volumes.service.attachments.get(ctx, attachment.id)
        assert volumes.service.attachments.list(ctx) == []
    with volumes.ctx(volumes.admin()) as ctx:
        assert [attachment.id for attachment in volumes.service.attachments.list(ctx, all_projects=True)] == [
            attachment.id
        ]
