"""Volumes and snapshots. Source: CloudStack API reference (createVolume, attachVolume, createSnapshot, …)."""

from support.cloudstack.registry import command, is_true, require
from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, describe, match, paginate
from support.cloudstack.vm_actions import detach
from support.cloudstack.vm_commands import GIB, get_vm

_NOT_READY = "VolumeId: {id} is not in Ready state but {state}. Cannot take snapshot."


@command("createVolume")
def create_volume(state: State, account: Account, params: dict[str, str]) -> Row:
    [name] = require(params, "name")
    snapshot = state.get("snapshots", account, params["snapshotid"]) if "snapshotid" in params else None
    [offering_id] = require(params, "diskofferingid") if snapshot is None else [params.get("diskofferingid", "")]
    offering = state.get("disk_offerings", account, offering_id, "diskofferingid")
    zone = state.get("zones", account, params.get("zoneid") or state.rows("zones")[0]["id"], "zoneid")
    size_gib = int(params.get("size", "0")) if offering["iscustomized"] else offering["disksize"]
    if offering["iscustomized"] and size_gib < 1:
        raise ApiError(PARAMETER_ERROR, "Invalid size for custom volume creation: 0, max volume size is:1024")
    if not offering["iscustomized"] and "size" in params:
        raise ApiError(PARAMETER_ERROR, "This disk offering does not allow custom size specified")
    if snapshot is not None and snapshot["state"] != "BackedUp":
        raise ApiError(PARAMETER_ERROR, f"Snapshot id={snapshot['id']} is not in BackedUp state yet")
    state.require_limit(account, "volume", "volumes")
    volume = state.add(
        "volumes",
        account,
        name=name,
        type="DATADISK",
        size=max(size_gib * GIB, snapshot["virtualsize"] if snapshot else 0),
        state="Allocated" if snapshot is None else "Creating",
        storagetype="shared",
        hypervisor="None",
        destroyed=False,
        isextractable=True,
        diskofferingid=offering["id"],
        diskofferingname=offering["name"],
        diskofferingdisplaytext=offering["displaytext"],
        zoneid=zone["id"],
        zonename=zone["name"],
        snapshotid=snapshot["id"] if snapshot else None,
    )

    def finish() -> Row:
        if snapshot is not None:
            volume["state"] = "Ready"
        return {"volume": describe(state, volume)}

    return {"id": volume["id"], "jobid": state.start_job(account, "volume.CreateVolumeCmd", volume, "Volume", finish)}


@command("listVolumes")
def list_volumes(state: State, account: Account, params: dict[str, str]) -> Row:
    if "id" in params:
        state.get("volumes", account, params["id"])
    rows = match(state.rows("volumes", account), params, "id", "name", "type", "virtualmachineid", "zoneid", "state")
    return paginate(state, "volume", rows, params)


@command("attachVolume")
def attach_volume(state: State, account: Account, params: dict[str, str]) -> Row:
    [volume_id] = require(params, "id")
    volume, vm = state.get("volumes", account, volume_id), get_vm(state, account, params, "virtualmachineid")
    if volume.get("virtualmachineid"):
        raise ApiError(PARAMETER_ERROR, "Please specify a volume that is not attached to any VM.")
    if vm["state"] not in ("Running", "Stopped"):
        raise ApiError(PARAMETER_ERROR, "Please specify a VM that is either running or stopped.")

    def finish() -> Row:
        if volume.get("virtualmachineid"):
            raise ApiError(530, f"Failed to attach volume {volume['name']}: it is already attached", 4250)
        used = {item.get("deviceid") for item in state.rows("volumes") if item.get("virtualmachineid") == vm["id"]}
        number = int(params.get("deviceid", "0")) or next(item for item in (1, 2, 4, 5, 6, 7) if item not in used)
        if number in used:
            raise ApiError(530, f"deviceId {number} is used by VM {vm['name']}", 4350)
        volume.update(
            state="Ready",
            virtualmachineid=vm["id"],
            vmname=vm["name"],
            vmdisplayname=vm["displayname"],
            vmstate=vm["state"],
            deviceid=number,
            hypervisor="KVM",
        )
        return {"volume": describe(state, volume)}

    return {"jobid": state.start_job(account, "volume.AttachVolumeCmd", volume, "Volume", finish)}


@command("detachVolume")
def detach_volume(state: State, account: Account, params: dict[str, str]) -> Row:
    [volume_id] = require(params, "id")
    volume = state.get("volumes", account, volume_id)
    if not volume.get("virtualmachineid"):
        raise ApiError(PARAMETER_ERROR, "The specified volume is not attached to a virtual machine.")
    if volume["type"] == "ROOT":
        raise ApiError(PARAMETER_ERROR, "Please specify a data volume or a stopped VM.")

    def finish() -> Row:
        if not volume.get("virtualmachineid"):
            raise ApiError(530, f"Failed to detach volume {volume['name']}", 4250)
        detach(volume)
        return {"volume": describe(state, volume)}

    return {"jobid": state.start_job(account, "volume.DetachVolumeCmd", volume, "Volume", finish)}


@command("resizeVolume")
def resize_volume(state: State, account: Account, params: dict[str, str]) -> Row:
    [volume_id] = require(params, "id")
    volume = state.get("volumes", account, volume_id)
    offering_id = params.get("diskofferingid", volume.get("diskofferingid", ""))
    offering = state.get("disk_offerings", account, offering_id) if offering_id else None
    if offering is not None and not offering["iscustomized"]:
        size_gib = offering["disksize"]
    else:
        size_gib = int(require(params, "size")[0])
    if volume["state"] not in ("Ready", "Allocated"):
        raise ApiError(PARAMETER_ERROR, "Volume should be in ready or allocated state before attempting a resize.")
    if size_gib * GIB < volume["size"] and not is_true(params, "shrinkok"):
        raise ApiError(PARAMETER_ERROR, "Going from existing size to a smaller one requires the shrinkok flag.")

    def finish() -> Row:
        volume["size"] = size_gib * GIB
        if offering is not None:
            volume.update(diskofferingid=offering["id"], diskofferingname=offering["name"])
        return {"volume": describe(state, volume)}

    return {"jobid": state.start_job(account, "volume.ResizeVolumeCmd", volume, "Volume", finish)}


@command("deleteVolume")
def delete_volume(state: State, account: Account, params: dict[str, str]) -> Row:
    [volume_id] = require(params, "id")
    volume = state.get("volumes", account, volume_id)
    if volume.get("virtualmachineid"):
        raise ApiError(PARAMETER_ERROR, "Please specify a volume that is not attached to any VM.")
    state.remove("volumes", volume_id)
    return {"success": "true"}


@command("createSnapshot")
def create_snapshot(state: State, account: Account, params: dict[str, str]) -> Row:
    [volume_id] = require(params, "volumeid")
    volume = state.get("volumes", account, volume_id, "volumeid")
    if volume["state"] != "Ready":
        raise ApiError(PARAMETER_ERROR, _NOT_READY.format(**volume))
    state.require_limit(account, "snapshot", "snapshots")
    snapshot = state.add(
        "snapshots",
        account,
        name=params.get("name", f"{volume['name']}_snapshot"),
        snapshottype="MANUAL",
        intervaltype="MANUAL",
        volumeid=volume["id"],
        volumename=volume["name"],
        volumetype=volume["type"],
        virtualsize=volume["size"],
        physicalsize=volume["size"] // 2,
        zoneid=volume["zoneid"],
        revertable=False,
        state="Allocated",
    )

    def begin() -> None:
        snapshot["state"] = "BackingUp"

    def finish() -> Row:
        snapshot["state"] = "BackedUp"
        return {"snapshot": describe(state, snapshot)}

    job_id = state.start_job(account, "snapshot.CreateSnapshotCmd", snapshot, "Snapshot", begin, finish)
    state.jobs[job_id].row["_on_failure"] = lambda: snapshot.update(state="Error")
    return {"id": snapshot["id"], "jobid": job_id}


@command("listSnapshots")
def list_snapshots(state: State, account: Account, params: dict[str, str]) -> Row:
    if "id" in params:
        state.get("snapshots", account, params["id"])
    rows = match(state.rows("snapshots", account), params, "id", "name", "volumeid")
    return paginate(state, "snapshot", rows, params)


@command("deleteSnapshot")
def delete_snapshot(state: State, account: Account, params: dict[str, str]) -> Row:
    [snapshot_id] = require(params, "id")
    snapshot = state.get("snapshots", account, snapshot_id)

    def finish() -> None:
        state.remove("snapshots", snapshot_id)

    return {"jobid": state.start_job(account, "snapshot.DeleteSnapshotCmd", snapshot, "Snapshot", finish)}


@command("revertSnapshot")
def revert_snapshot(state: State, account: Account, params: dict[str, str]) -> Row:
    [snapshot_id] = require(params, "id")
    snapshot = state.get("snapshots", account, snapshot_id)
    volume = state.get("volumes", account, snapshot["volumeid"])

    def finish() -> Row:
        volume["_reverted_to"] = snapshot_id
        return {"snapshot": describe(state, snapshot)}

    return {"jobid": state.start_job(account, "snapshot.RevertSnapshotCmd", snapshot, "Snapshot", finish)}
