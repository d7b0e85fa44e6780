"""Actions on virtual machines. Source: CloudStack API reference (startVirtualMachine, restoreVirtualMachine, …)."""

import time
from collections.abc import Callable

from support.cloudstack.networking import clear_static_nat
from support.cloudstack.registry import command, is_true, require
from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, describe
from support.cloudstack.vm_commands import get_vm, resolve_size


def _start_job(state: State, account: Account, cmd: str, vm: Row, *steps: Callable[[], None]) -> Row:
    def finish() -> Row:
        steps[-1]()
        return {"virtualmachine": describe(state, vm)}

    return {"jobid": state.start_job(account, f"vm.{cmd}", vm, "VirtualMachine", *steps[:-1], finish)}


def _set_state(vm: Row, *allowed: str, value: str) -> Callable[[], None]:
    def change() -> None:
        if vm["state"] not in allowed:
            raise ApiError(530, f"Unable to change the state of {vm['name']} from {vm['state']} to {value}", 4250)
        vm["state"] = value

    return change


@command("startVirtualMachine")
def start(state: State, account: Account, params: dict[str, str]) -> Row:
    vm = get_vm(state, account, params)
    return _start_job(
        state,
        account,
        "StartVMCmd",
        vm,
        _set_state(vm, "Stopped", "Running", value="Starting"),
        _set_state(vm, "Starting", value="Running"),
    )


@command("stopVirtualMachine")
def stop(state: State, account: Account, params: dict[str, str]) -> Row:
    vm = get_vm(state, account, params)
    return _start_job(
        state,
        account,
        "StopVMCmd",
        vm,
        _set_state(vm, "Running", "Stopped", value="Stopping"),
        _set_state(vm, "Stopping", value="Stopped"),
    )


@command("rebootVirtualMachine")
def reboot(state: State, account: Account, params: dict[str, str]) -> Row:
    vm = get_vm(state, account, params)
    return _start_job(state, account, "RebootVMCmd", vm, _set_state(vm, "Running", value="Running"))


@command("scaleVirtualMachine")
def scale(state: State, account: Account, params: dict[str, str]) -> Row:
    vm = get_vm(state, account, params)
    [offering_id] = require(params, "serviceofferingid")
    offering = state.get("service_offerings", account, offering_id, "serviceofferingid")
    if vm["state"] != "Stopped":
        raise ApiError(PARAMETER_ERROR, f"Cannot scale up the vm {vm['name']}: it is not dynamically scalable")
    size = resolve_size(offering, params)
    return _start_job(state, account, "ScaleVMCmd", vm, lambda: vm.update(size))


@command("restoreVirtualMachine")
def restore(state: State, account: Account, params: dict[str, str]) -> Row:
    vm = get_vm(state, account, params, "virtualmachineid")
    template_id = params.get("templateid") or str(vm.get("templateid"))
    template = state.get("templates", account, template_id, "templateid")
    if vm["state"] not in ("Running", "Stopped"):
        raise ApiError(PARAMETER_ERROR, f"Vm {vm['name']} is not in a state that can be restored: {vm['state']}")
    final = vm["state"]

    def finish() -> None:
        vm.update(state=final, templateid=template["id"], templatename=template["name"])
        for volume in state.rows("volumes"):
            if volume["type"] == "ROOT" and volume.get("virtualmachineid") == vm["id"]:
                volume["size"] = max(volume["size"], template["size"])

    job = _start_job(state, account, "RestoreVMCmd", vm, _set_state(vm, final, value="Stopping"), finish)
    state.jobs[job["jobid"]].row["_on_failure"] = lambda: vm.update(state=final)
    return job


@command("updateVirtualMachine")
def update(state: State, account: Account, params: dict[str, str]) -> Row:
    vm = get_vm(state, account, params)
    if "displayname" in params:
        vm["displayname"] = params["displayname"]
    if "securitygroupids" in params:
        if vm["state"] != "Stopped":
            raise ApiError(PARAMETER_ERROR, "Virtual machine must be stopped prior to update security groups")
        groups = [state.get("groups", account, group_id) for group_id in params["securitygroupids"].split(",")]
        vm["securitygroup"] = [{"id": group["id"], "name": group["name"]} for group in groups]
    return {"virtualmachine": describe(state, vm)}


@command("destroyVirtualMachine")
def destroy(state: State, account: Account, params: dict[str, str]) -> Row:
    """Data volumes are detached; the root volume goes with the virtual machine, its addresses when it is expunged."""
    vm = get_vm(state, account, params)
    expunge = is_true(params, "expunge")
    if expunge and "expungevirtualmachine" in state.forbidden:
        raise ApiError(531, "Parameter expunge can be passed by Admin only", 4365)

    def finish() -> None:
        vm["state"] = "Expunging" if expunge else "Destroyed"
        vm["_expunged_at"] = time.monotonic() + (0 if expunge else state.expunge_delay_s)
        for volume in [item for item in state.rows("volumes") if item.get("virtualmachineid") == vm["id"]]:
            if volume["type"] == "ROOT":
                state.remove("volumes", volume["id"])
            else:
                detach(volume)
        for address in state.rows("addresses"):
            if address.get("virtualmachineid") == vm["id"]:
                clear_static_nat(address)
        for rule in [rule for rule in state.rows("forwardings") if rule["virtualmachineid"] == vm["id"]]:
            state.remove("forwardings", rule["id"])

    return _start_job(state, account, "DestroyVMCmd", vm, finish)


def detach(volume: Row) -> None:
    for key in ("virtualmachineid", "vmname", "vmdisplayname", "vmstate", "deviceid"):
        volume.pop(key, None)
