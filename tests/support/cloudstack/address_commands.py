"""Public addresses: static NAT, firewall rules, port forwardings. Source: CloudStack API reference, "Address"."""

from support.cloudstack.networking import allocate, clear_static_nat, release
from support.cloudstack.registry import command, is_true, require
from support.cloudstack.rules import add_rule, describe_rules
from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, describe, match, paginate
from support.cloudstack.vm_commands import get_vm


@command("listPublicIpAddresses")
def list_addresses(state: State, account: Account, params: dict[str, str]) -> Row:
    rows = state.rows("addresses", account)
    if is_true(params, "allocatedonly", "true"):
        rows = [row for row in rows if row["_owner"]]
    if "id" in params:
        state.get("addresses", account, params["id"])
    names = ("id", "ipaddress", "state", "zoneid", "associatednetworkid", "forvirtualnetwork")
    content = paginate(state, "publicipaddress", match(rows, params, *names), params)
    # CloudStack counts only the page here.
    return {**content, "count": len(content["publicipaddress"])} if content.get("publicipaddress") else {}


@command("reserveIpAddress")
def reserve(state: State, account: Account, params: dict[str, str]) -> Row:
    [address_id] = require(params, "id")
    address = state.get("addresses", account, address_id)
    if address["state"] != "Free":
        raise ApiError(PARAMETER_ERROR, f"Unable to reserve IP address {address['ipaddress']}: it is not free")
    state.require_limit(account, "public_ip", "addresses")
    address |= {**account.describe(), "_owner": account.name, "state": "Reserved", "allocated": address["created"]}
    return {"ipaddress": describe(state, address)}


@command("releaseIpAddress")
def release_reserved(state: State, account: Account, params: dict[str, str]) -> Row:
    [address_id] = require(params, "id")
    address = state.get("addresses", account, address_id)
    if address["state"] != "Reserved":
        raise ApiError(PARAMETER_ERROR, f"IP address {address['ipaddress']} is not reserved")
    release(state, address)
    return {"success": "true"}


@command("associateIpAddress")
def associate(state: State, account: Account, params: dict[str, str]) -> Row:
    network = _resolve_network(state, account, params)
    if "ipaddress" in params:
        rows = [row for row in state.rows("addresses", account) if row["ipaddress"] == params["ipaddress"]]
    else:
        rows = [row for row in state.rows("addresses", account) if row["state"] == "Free"]
    if not rows or rows[0]["state"] not in ("Free", "Reserved"):
        raise ApiError(533, "Insufficient address capacity: the requested IP address is not available", 4320)
    if rows[0]["state"] == "Free":
        state.require_limit(account, "public_ip", "addresses")
    address = rows[0]
    allocate(account, address, network, state="Allocating")

    def finish() -> Row:
        address["state"] = "Allocated"
        return {"ipaddress": describe(state, address)}

    job_id = state.start_job(account, "address.AssociateIPAddrCmd", address, "IpAddress", finish)
    return {"id": address["id"], "jobid": job_id}


@command("disassociateIpAddress")
def disassociate(state: State, account: Account, params: dict[str, str]) -> Row:
    [address_id] = require(params, "id")
    address = state.get("addresses", account, address_id)
    if address["issourcenat"]:
        raise ApiError(PARAMETER_ERROR, "Can't disassociate a source NAT address")
    step = lambda: release(state, address)  # noqa: E731
    return {"jobid": state.start_job(account, "address.DisassociateIPAddrCmd", address, "IpAddress", step)}


@command("enableStaticNat")
def enable_static_nat(state: State, account: Account, params: dict[str, str]) -> Row:
    [address_id] = require(params, "ipaddressid")
    address, vm = state.get("addresses", account, address_id), get_vm(state, account, params, "virtualmachineid")
    network_id = params.get("networkid", address.get("associatednetworkid", ""))
    if address.get("state") != "Allocated" or address.get("associatednetworkid") != network_id:
        raise ApiError(PARAMETER_ERROR, f"Invalid network Id={network_id}. IP is associated with a different network")
    nics = [nic for nic in vm["nic"] if nic["networkid"] == network_id]
    guest = params.get("vmguestip") or (nics[0]["ipaddress"] if nics else "")
    if guest not in [nic["ipaddress"] for nic in nics]:
        raise ApiError(PARAMETER_ERROR, f"VM {vm['name']} has no nic with address {guest} in network {network_id}")
    if [rule for rule in state.rows("forwardings") if rule["ipaddressid"] == address_id]:
        raise ApiError(537, "Can't enable static nat: the IP address has port forwarding rules", 4360)
    address |= {
        "isstaticnat": True,
        "virtualmachineid": vm["id"],
        "virtualmachinename": vm["name"],
        "virtualmachinedisplayname": vm["displayname"],
        "vmipaddress": guest,
    }
    return {"success": "true"}


@command("disableStaticNat")
def disable_static_nat(state: State, account: Account, params: dict[str, str]) -> Row:
    [address_id] = require(params, "ipaddressid")
    address = state.get("addresses", account, address_id)
    if not address["isstaticnat"]:
        raise ApiError(PARAMETER_ERROR, f"Specified IP address id={address_id} is not static nat enabled")
    step = lambda: clear_static_nat(address)  # noqa: E731
    return {"jobid": state.start_job(account, "nat.DisableStaticNatCmd", address, "IpAddress", step)}


@command("createFirewallRule")
def create_rule(state: State, account: Account, params: dict[str, str]) -> Row:
    [address_id] = require(params, "ipaddressid")
    address = state.get("addresses", account, address_id)
    if not address.get("associatednetworkid"):
        raise ApiError(PARAMETER_ERROR, "Unable to create firewall rule: the IP address is in no network")
    values = {"ipaddressid": address["id"], "ipaddress": address["ipaddress"]}
    return add_rule(state, account, "firewall_rules", "firewall.CreateFirewallRuleCmd", params, **values)


@command("listFirewallRules")
def list_rules(state: State, account: Account, params: dict[str, str]) -> Row:
    rows = match(state.rows("firewall_rules", account), params, "id", "ipaddressid")
    return paginate(state, "firewallrule", describe_rules(rows), params)


@command("deleteFirewallRule")
def delete_rule(state: State, account: Account, params: dict[str, str]) -> Row:
    [rule_id] = require(params, "id")
    rule = state.get("firewall_rules", account, rule_id)
    step = lambda: state.remove("firewall_rules", rule_id)  # noqa: E731
    return {"jobid": state.start_job(account, "firewall.DeleteFirewallRuleCmd", rule, "FirewallRule", step)}


@command("createPortForwardingRule")
def create_forwarding(state: State, account: Account, params: dict[str, str]) -> Row:
    address_id, protocol, public, private = require(params, "ipaddressid", "protocol", "publicport", "privateport")
    address, vm = state.get("addresses", account, address_id), get_vm(state, account, params, "virtualmachineid")
    if address["isstaticnat"]:
        raise ApiError(537, "Can't create a port forwarding rule: the IP address has static nat", 4360)
    nics = [nic for nic in vm["nic"] if nic["networkid"] == address.get("associatednetworkid")]
    if not nics:
        raise ApiError(PARAMETER_ERROR, "Unable to create port forwarding rule: the VM is not in the network")
    for rule in state.rows("forwardings"):
        if (rule["ipaddressid"], rule["protocol"], rule["publicport"]) == (address_id, protocol, public):
            raise ApiError(537, f"The range specified conflicts with rule {rule['id']}", 4360)
    row = state.add(
        "forwardings",
        account,
        ipaddressid=address_id,
        ipaddress=address["ipaddress"],
        protocol=protocol,
        publicport=public,
        publicendport=public,
        privateport=private,
        privateendport=private,
        virtualmachineid=vm["id"],
        virtualmachinename=vm["name"],
        virtualmachinedisplayname=vm["displayname"],
        vmguestip=params.get("vmguestip", nics[0]["ipaddress"]),
        state="Active",
        cidrlist="",
    )
    job_id = state.start_job(
        account,
        "firewall.CreatePortForwardingRuleCmd",
        row,
        "PortForwardingRule",
        lambda: {"portforwardingrule": describe(state, row)},
    )
    return {"id": row["id"], "jobid": job_id}


@command("listPortForwardingRules")
def list_forwardings(state: State, account: Account, params: dict[str, str]) -> Row:
    rows = match(state.rows("forwardings", account), params, "id", "ipaddressid")
    return paginate(state, "portforwardingrule", describe_rules(rows), params)


@command("deletePortForwardingRule")
def delete_forwarding(state: State, account: Account, params: dict[str, str]) -> Row:
    [rule_id] = require(params, "id")
    rule = state.get("forwardings", account, rule_id)
    step = lambda: state.remove("forwardings", rule_id)  # noqa: E731
    return {"jobid": state.start_job(account, "firewall.DeletePortForwardingRuleCmd", rule, "PortForwardingRule", step)}


def _resolve_network(state: State, account: Account, params: dict[str, str]) -> Row:
    """Return the network of a new address: by its id, or the only one of the account in a zone."""
    if "networkid" in params:
        return state.get("networks", account, params["networkid"], "networkid")
    networks = [row for row in state.rows("networks") if row["_owner"] == account.name]
    if len(networks) != 1:
        raise ApiError(PARAMETER_ERROR, f"Account has {len(networks)} Isolated networks in the zone; specify one")
    return networks[0]
