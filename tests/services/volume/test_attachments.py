"""What compute asks of volumes."""

import pytest

from stratiform.kit.errors import NotFound
from stratiform.services.volume.errors import AttachmentNotFound, DeviceInUse, InvalidInput, InvalidVolume
from support.stacks import customer
from support.volumes import VolumeBench


def test_a_volume_comes_and_goes(volumes_on: VolumeBench) -> None:
    volumes, service = volumes_on, volumes_on.service
    volume = volumes.available()
    with volumes.call() as call:
        attachment = service.begin_attach(call, volume.id, "s1", None)
        assert (attachment.device, attachment.state) == ("/dev/vdb", "attaching")
        assert service.volume(call, volume.id).status == "attaching"
        assert service.attachments_of(call.db, "s1") == [attachment]
        assert service.attachments_by_server(call.db, ["s1", "s2"]) == {"s1": [attachment], "s2": []}
        assert service.native_id(call.db, volume.id) == volume.native_id
        service.attached(call.db, attachment.id, call.now)
        service.attached(call.db, attachment.id, call.now)
        assert service.volume(call, volume.id).status == "in-use"
        assert service.attachment(call, attachment.id).state == "attached"
        leaving = service.begin_detach(call, volume.id, "s1")
        assert (leaving.id, leaving.state) == (attachment.id, "detaching")
        assert service.volume(call, volume.id).status == "detaching"
        service.detached(call.db, attachment.id, call.now)
        service.detached(call.db, attachment.id, call.now)
        assert service.volume(call, volume.id).status == "available"
        assert service.attachments_of(call.db, "s1") == []
    assert volumes.told()[1:] == ["volume.attach.end", "volume.detach.end"]
    attached, detached = volumes.events()[1:]
    assert attached.payload["status"] == "in-use"
    [said] = attached.payload["volume_attachment"]
    assert (said["instance_uuid"], said["mountpoint"], said["attach_status"]) == ("s1", "/dev/vdb", "attached")
    assert (detached.payload["status"], detached.payload["volume_attachment"]) == ("available", [])


def test_an_attach_that_never_came_is_not_told(volumes: VolumeBench) -> None:
    volume = volumes.available()
    with volumes.call() as call:
        attachment = volumes.service.begin_attach(call, volume.id, "s1", None)
        volumes.service.detached(call.db, attachment.id, call.now)
        assert volumes.service.volume(call, volume.id).status == "available"
    assert volumes.told() == ["volume.create.end"]


def test_devices_are_the_servers_own(volumes: VolumeBench) -> None:
    first, second, third, fourth = (volumes.available() for _ in range(4))
    assert volumes.in_use(first.id, "s1", "/dev/vdc").device == "/dev/vdc"
    assert volumes.in_use(second.id, "s1").device == "/dev/vdb"
    assert volumes.in_use(third.id, "s1").device == "/dev/vdd"
    with volumes.call() as call:
        with pytest.raises(DeviceInUse):
            volumes.service.begin_attach(call, fourth.id, "s1", "/dev/vdb")
        with pytest.raises(InvalidInput):
            volumes.service.begin_attach(call, fourth.id, "s1", "/dev/../sda")
    assert volumes.in_use(fourth.id, "s2", "vdb").device == "/dev/vdb"


def test_one_volume_one_server(volumes: VolumeBench) -> None:
    volume = volumes.available()
    with volumes.call() as call:
        volumes.service.begin_attach(call, volume.id, "s1", None)
        with pytest.raises(InvalidVolume, match="must be available"):
            volumes.service.begin_attach(call, volume.id, "s2", None)
        with pytest.raises(InvalidVolume, match="Unable to detach"):
            volumes.service.begin_detach(call, volume.id, "s1")
        with pytest.raises(AttachmentNotFound):
            volumes.service.begin_detach(call, volume.id, "s2")


def test_a_volume_grows_while_it_is_detached(volumes: VolumeBench) -> None:
    """The extend ends in the status that the attachment has come to meanwhile."""
    volume = volumes.available()
    attachment = volumes.in_use(volume.id)
    with volumes.call() as call:
        volumes.service.extend(call, volume.id, 2, attached_too=True)
        volumes.service.detached(call.db, attachment.id, call.now)
        assert volumes.service.volume(call, volume.id).status == "extending"
    volumes.work()
    assert volumes.show(volume.id).status == "available"


def test_strangers_attach_nothing(volumes: VolumeBench) -> None:
    volume = volumes.available()
    attachment = volumes.in_use(volume.id)
    with volumes.call(customer("p2")) as call:
        with pytest.raises(NotFound):
            volumes.service.begin_attach(call, volume.id, "s1", None)
        with pytest.raises(AttachmentNotFound):
            volumes.service.attachment(call, attachment.id)
        assert volumes.service.attachments(call) == []
    with volumes.call(volumes.operator()) as call:
        assert [found.id for found in volumes.service.attachments(call, all_projects=True)] == [attachment.id]
