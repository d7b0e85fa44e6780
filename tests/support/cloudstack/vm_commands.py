"""Virtual machines: creation and lists. Source: CloudStack API reference (deployVirtualMachine, …)."""

import math
import re
import time
from ipaddress import IPv4Address, IPv4Network

from support.cloudstack.networking import implement_network, next_address
from support.cloudstack.registry import command, read_maps, require
from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, describe, match, paginate

GIB = 1024**3

#: Users do not see these, unless the operator allows it.
HIDDEN_STATES = ("Destroyed", "Expunging")

_HOST_NAME = re.compile(r"[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MAX_DISPLAY_NAME = 255


@command("deployVirtualMachine")
def deploy(state: State, account: Account, params: dict[str, str]) -> Row:
    zone_id, offering_id, template_id = require(params, "zoneid", "serviceofferingid", "templateid")
    zone = state.get("zones", account, zone_id, "zoneid")
    offering = state.get("service_offerings", account, offering_id, "serviceofferingid")
    iso = state.tables.get("isos", {}).get(template_id)
    template = iso or state.get("templates", account, template_id, "templateid")
    if not template.get("isready"):
        raise ApiError(PARAMETER_ERROR, f"Template {template['name']} is not ready")
    if iso is not None:
        require(params, "diskofferingid", "hypervisor")
    state.require_limit(account, "user_vm", "vms")
    networks = _resolve_networks(state, account, params, zone)
    name = params.get("name") or f"VM-{len(state.rows('vms')) + 1}"
    _check_names(state, name, params.get("displayname", name), [network for network, _, _ in networks])
    root_gib = _resolve_root_size(params, template, iso is not None)
    groups = [
        state.get("groups", account, group_id, "securitygroupids")
        for group_id in filter(None, params.get("securitygroupids", "").split(","))
    ]
    if groups and not zone["securitygroupsenabled"]:
        raise ApiError(PARAMETER_ERROR, "Can't specify security groups: the zone has none")
    nics = [_create_nic(state, account, *choice, is_default=number == 0) for number, choice in enumerate(networks)]
    vm = state.add(
        "vms",
        account,
        name=name,
        displayname=params.get("displayname", name),
        state="Stopped",
        haenable=False,
        zoneid=zone["id"],
        zonename=zone["name"],
        **{"isoid" if iso else "templateid": template["id"]},
        templatename=template["name"],
        templatedisplaytext=template["displaytext"],
        passwordenabled=False,
        guestosid="1",
        rootdeviceid=0,
        rootdevicetype="ROOT",
        securitygroup=[{"id": group["id"], "name": group["name"]} for group in groups],
        nic=nics,
        hypervisor="KVM",
        keypair=params.get("keypair"),
        _userdata=params.get("userdata", ""),
        **resolve_size(offering, params),
    )
    _create_root_volume(state, account, vm, root_gib)

    def start() -> None:
        vm["state"] = "Starting"
        for network, _, _ in networks:
            implement_network(state, account, network)

    def finish() -> Row:
        vm["state"] = "Running"
        return {"virtualmachine": describe(state, vm)}

    job_id = state.start_job(account, "vm.DeployVMCmd", vm, "VirtualMachine", start, finish)
    state.jobs[job_id].row["_on_failure"] = lambda: vm.update(state="Error")
    if params.get("startvm", "true") == "false":
        steps = state.jobs[job_id].steps
        steps[:] = [(steps[0][0], lambda: {"virtualmachine": describe(state, vm)})]
    return {"id": vm["id"], "jobid": job_id}


@command("listVirtualMachines")
def list_vms(state: State, account: Account, params: dict[str, str]) -> Row:
    rows = [vm for vm in state.rows("vms", account) if vm["state"] not in HIDDEN_STATES]
    if "id" in params:
        state.get("vms", account, params["id"])
    rows = match(rows, params, "id", "name", "zoneid", "templateid")
    if "networkid" in params:
        rows = [vm for vm in rows if any(nic["networkid"] == params["networkid"] for nic in vm["nic"])]
    for tag in read_maps(params, "tags"):
        rows = [vm for vm in rows if state.tags.get(vm["id"], {}).get(tag["key"]) == tag.get("value")]
    return paginate(state, "virtualmachine", [_with_job(state, vm) for vm in rows], params)


def resolve_size(offering: Row, params: dict[str, str]) -> Row:
    """Return the size of a server: that of the offering, or of the parameter `details` for a customized one."""
    names = {"serviceofferingid": offering["id"], "serviceofferingname": offering["name"]}
    if not offering["iscustomized"]:
        if read_maps(params, "details"):
            raise ApiError(PARAMETER_ERROR, "CPU and memory can be specified only for customized offerings")
        return {**names, **{key: offering[key] for key in ("cpunumber", "cpuspeed", "memory")}}
    details = {key: value for item in read_maps(params, "details") for key, value in item.items()}
    for key in ("cpunumber", "memory", "cpuspeed"):
        if not details.get(key, "").isdigit():
            raise ApiError(PARAMETER_ERROR, f"Need to specify custom parameter values cpu, cpu speed and memory: {key}")
    limits = offering["serviceofferingdetails"]
    for key in ("cpunumber", "memory"):
        if not int(limits[f"min{key}"]) <= int(details[key]) <= int(limits[f"max{key}"]):
            raise ApiError(PARAMETER_ERROR, f"Invalid {key}: {details[key]}")
    return {**names, **{key: int(details[key]) for key in ("cpunumber", "cpuspeed", "memory")}}


def _with_job(state: State, vm: Row) -> Row:
    job = state.find_pending_job(vm["id"])
    return vm if job is None else {**vm, "jobid": job.row["jobid"], "jobstatus": 0}


def _check_names(state: State, name: str, display_name: str, networks: list[Row]) -> None:
    if not _HOST_NAME.fullmatch(name):
        raise ApiError(PARAMETER_ERROR, f"Invalid name. Vm name can contain ASCII letters, digits and '-': {name}")
    if len(display_name) > _MAX_DISPLAY_NAME:
        raise ApiError(PARAMETER_ERROR, "displayname is longer than 255 characters")
    network_ids = {network["id"] for network in networks}
    for vm in state.rows("vms"):
        is_near = any(nic["networkid"] in network_ids for nic in vm["nic"])
        if is_near and vm["name"] == name and vm["state"] not in HIDDEN_STATES:
            raise ApiError(PARAMETER_ERROR, f"The vm with hostName {name} already exists in the network domain: cs1")


def _resolve_networks(state: State, account: Account, params: dict[str, str], zone: Row) -> list[tuple[Row, str, str]]:
    """Return the network, the requested address and the MAC address of each interface."""
    requested = [
        (state.get("networks", account, item["networkid"], "networkid"), item.get("ip", ""), item.get("mac", ""))
        for item in read_maps(params, "iptonetworklist")
    ]
    requested += [
        (state.get("networks", account, network_id, "networkids"), "", "")
        for network_id in filter(None, params.get("networkids", "").split(","))
    ]
    if not requested:
        networks = [network for network in state.rows("networks", account) if network["zoneid"] == zone["id"]]
        if len(networks) != 1:
            raise ApiError(PARAMETER_ERROR, "More than 1 default Isolated networks are found for account")
        requested = [(networks[0], "", "")]
    for network, address, _ in requested:
        _check_address(state, network, address)
    return requested


def _check_address(state: State, network: Row, address: str) -> None:
    if not address:
        return
    try:
        value, cidr = IPv4Address(address), IPv4Network(network["cidr"])
    except ValueError as error:
        raise ApiError(PARAMETER_ERROR, f"Invalid ip4 address: {address}") from error
    if value not in list(cidr.hosts()) or address == network["gateway"]:
        raise ApiError(PARAMETER_ERROR, f"The IPv4 address {address} is not in the network's guest range {cidr}")
    if address in used_addresses(state, network["id"]):
        raise ApiError(533, f"Unable to acquire Guest IP address for network {network['name']}", 4331)


def used_addresses(state: State, network_id: str) -> set[str]:
    return {
        nic["ipaddress"]
        for vm in state.rows("vms")
        for nic in vm["nic"]
        if nic["networkid"] == network_id and vm.get("_expunged_at", math.inf) > time.monotonic()
    }


def _create_nic(state: State, account: Account, network: Row, address: str, mac: str, *, is_default: bool) -> Row:
    row = state.add("nics", account)
    return {
        "id": row["id"],
        "networkid": network["id"],
        "networkname": network["name"],
        "netmask": str(IPv4Network(network["cidr"]).netmask),
        "gateway": network["gateway"],
        "ipaddress": address or next_address(network, used_addresses(state, network["id"])),
        "macaddress": mac or "02:00:00:00:00:01",
        "traffictype": "Guest",
        "type": network["type"],
        "isdefault": is_default,
        "deviceid": "0" if is_default else str(row["_number"]),
    }


def _resolve_root_size(params: dict[str, str], template: Row, is_iso: bool) -> int:
    if is_iso:
        return int(params.get("size", "0"))
    size_gib, minimum = int(params.get("rootdisksize", "0")), -(-int(template["size"]) // GIB)
    if size_gib and size_gib < minimum:
        raise ApiError(PARAMETER_ERROR, f"unsupported: rootdisksize override is smaller than template size {minimum}GB")
    return size_gib or minimum


def _create_root_volume(state: State, account: Account, vm: Row, size_gib: int) -> Row:
    return state.add(
        "volumes",
        account,
        name=f"ROOT-{vm['_number']}",
        type="ROOT",
        deviceid=0,
        virtualmachineid=vm["id"],
        vmname=vm["name"],
        vmdisplayname=vm["displayname"],
        vmstate="Running",
        size=size_gib * GIB,
        state="Ready",
        storagetype="shared",
        storage="primary-1",
        hypervisor="KVM",
        destroyed=False,
        isextractable=False,
        serviceofferingid=vm["serviceofferingid"],
        serviceofferingname=vm["serviceofferingname"],
        serviceofferingdisplaytext=vm["serviceofferingname"],
        zoneid=vm["zoneid"],
        zonename=vm["zonename"],
    )


def get_vm(state: State, account: Account, params: dict[str, str], name: str = "id") -> Row:
    """Return the virtual machine of a parameter, which is not destroyed."""
    [vm_id] = require(params, name)
    vm = state.get("vms", account, vm_id, name)
    if vm["state"] in HIDDEN_STATES:
        raise ApiError(PARAMETER_ERROR, f"unable to find a virtual machine with id {vm_id}")
    return vm
