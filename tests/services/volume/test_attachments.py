"""What compute asks of volumes."""

import pytest

from stratiform.kit.errors import NotFound
from stratiform.services.volume.errors import AttachmentNotFound, DeviceInUse, InvalidInput, InvalidVolume
from support.stacks import customer
from support.volumes import VolumeBench


def test_a_volume_comes_and_goes(volumes_on: VolumeBench) -> None:
    volumes, service = volumes_on, volumes_on.service
    volume = volumes.available()
    with volumes.ctx() as ctx:
        attachment = service.attachments.begin_attach(ctx, volume.id, "s1", None)
        assert (attachment.device, attachment.state) == ("/dev/vdb", "attaching")
        assert service.volumes.get(ctx, volume.id).status == "attaching"
        assert service.attachments.list_by_server(ctx.db, "s1") == [attachment]
        assert service.attachments.group_by_server(ctx.db, ["s1", "s2"]) == {"s1": [attachment], "s2": []}
        assert service.attachments.native_volume_id(ctx.db, volume.id) == volume.native_id
        service.attachments.complete_attach(ctx.db, attachment.id, ctx.now)
        service.attachments.complete_attach(ctx.db, attachment.id, ctx.now)
        assert service.volumes.get(ctx, volume.id).status == "in-use"
        assert service.attachments.get(ctx, attachment.id).state == "attached"
        leaving = service.attachments.begin_detach(ctx, volume.id, "s1")
        assert (leaving.id, leaving.state) == (attachment.id, "detaching")
        assert service.volumes.get(ctx, volume.id).status == "detaching"
        service.attachments.detach(ctx.db, attachment.id, ctx.now)
        service.attachments.detach(ctx.db, attachment.id, ctx.now)
        assert service.volumes.get(ctx, volume.id).status == "available"
        assert service.attachments.list_by_server(ctx.db, "s1") == []
    assert volumes.told()[1:] == ["volume.attach.end", "volume.detach.end"]
    attached, detached = volumes.events()[1:]
    assert attached.payload["status"] == "in-use"
    [said] = attached.payload["volume_attachment"]
    assert (said["instance_uuid"], said["mountpoint"], said["attach_status"]) == ("s1", "/dev/vdb", "attached")
    assert (detached.payload["status"], detached.payload["volume_attachment"]) == ("available", [])


def test_an_attach_that_never_came_is_not_told(volumes: VolumeBench) -> None:
    volume = volumes.available()
    with volumes.ctx() as ctx:
        attachment = volumes.service.attachments.begin_attach(ctx, volume.id, "s1", None)
        volumes.service.attachments.detach(ctx.db, attachment.id, ctx.now)
        assert volumes.service.volumes.get(ctx, volume.id).status == "available"
    assert volumes.told() == ["volume.create.end"]


def test_devices_are_the_servers_own(volumes: VolumeBench) -> None:
    first, second, third, fourth = (volumes.available() for _ in range(4))
    assert volumes.in_use(first.id, "s1", "/dev/vdc").device == "/dev/vdc"
    assert volumes.in_use(second.id, "s1").device == "/dev/vdb"
    assert volumes.in_use(third.id, "s1").device == "/dev/vdd"
    with volumes.ctx() as ctx:
        with pytest.raises(DeviceInUse):
            volumes.service.attachments.begin_attach(ctx, fourth.id, "s1", "/dev/vdb")
        with pytest.raises(InvalidInput):
            volumes.service.attachments.begin_attach(ctx, fourth.id, "s1", "/dev/../sda")
    assert volumes.in_use(fourth.id, "s2", "vdb").device == "/dev/vdb"


def test_one_volume_one_server(volumes: VolumeBench) -> None:
    volume = volumes.available()
    with volumes.ctx() as ctx:
        volumes.service.attachments.begin_attach(ctx, volume.id, "s1", None)
        with pytest.raises(InvalidVolume, match="must be available"):
            volumes.service.attachments.begin_attach(ctx, volume.id, "s2", None)
        with pytest.raises(InvalidVolume, match="Unable to detach"):
            volumes.service.attachments.begin_detach(ctx, volume.id, "s1")
        with pytest.raises(AttachmentNotFound):
            volumes.service.attachments.begin_detach(ctx, volume.id, "s2")


def test_a_volume_grows_while_it_is_detached(volumes: VolumeBench) -> None:
    """The extend ends in the status that the attachment has come to meanwhile."""
    volume = volumes.available()
    attachment = volumes.in_use(volume.id)
    with volumes.ctx() as ctx:
        volumes.service.volume_actions.extend(ctx, volume.id, 2, allow_in_use=True)
        volumes.service.attachments.detach(ctx.db, attachment.id, ctx.now)
        assert volumes.service.volumes.get(ctx, volume.id).status == "extending"
    volumes.work()
    assert volumes.show(volume.id).status == "available"


def test_strangers_attach_nothing(volumes: VolumeBench) -> None:
    volume = volumes.available()
    attachment = volumes.in_use(volume.id)
    with volumes.ctx(customer("p2")) as ctx:
        with pytest.raises(NotFound):
            volumes.service.attachments.begin_attach(ctx, volume.id, "s1", None)
        with pytest.raises(AttachmentNotFound):
            volumes.service.attachments.get(ctx, attachment.id)
        assert volumes.service.attachments.list(ctx) == []
    with volumes.ctx(volumes.operator()) as ctx:
        assert [found.id for found in volumes.service.attachments.list(ctx, all_projects=True)] == [attachment.id]
