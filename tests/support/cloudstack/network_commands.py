"""Isolated networks and their egress rules. Source: CloudStack API reference (createNetwork, listNetworks, …)."""

from ipaddress import IPv4Network

from support.cloudstack.networking import release
from support.cloudstack.registry import command, require
from support.cloudstack.rules import add_rule, describe_rules
from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, describe, match, paginate
from support.cloudstack.vm_commands import used_addresses


@command("createNetwork")
def create_network(state: State, account: Account, params: dict[str, str]) -> Row:
    name, offering_id, zone_id = require(params, "name", "networkofferingid", "zoneid")
    offering = state.get("network_offerings", account, offering_id, "networkofferingid")
    zone = state.get("zones", account, zone_id, "zoneid")
    if zone["networktype"] == "Basic":
        raise ApiError(PARAMETER_ERROR, "Network creation is not allowed in a basic zone")
    gateway, netmask = params.get("gateway", "10.1.1.1"), params.get("netmask", "255.255.255.0")
    try:
        cidr = IPv4Network(f"{gateway}/{netmask}", strict=False)
    except ValueError as error:
        raise ApiError(PARAMETER_ERROR, f"Invalid gateway or netmask: {gateway} {netmask}") from error
    state.require_limit(account, "network", "networks")
    network = state.add(
        "networks",
        account,
        name=name,
        displaytext=params.get("displaytext", name),
        broadcastdomaintype="Vlan",
        traffictype="Guest",
        gateway=gateway,
        netmask=str(cidr.netmask),
        cidr=str(cidr),
        zoneid=zone["id"],
        zonename=zone["name"],
        networkofferingid=offering["id"],
        networkofferingname=offering["name"],
        networkofferingdisplaytext=offering["displaytext"],
        networkofferingconservemode=True,
        networkofferingavailability=offering["availability"],
        issystem=False,
        state="Allocated",
        related="",
        dns1="192.0.2.53",
        dns2="192.0.2.54",
        type="Isolated",
        acltype="Account",
        service=offering["service"],
        networkdomain="cs1cloud.internal",
        physicalnetworkid="0",
        restartrequired=False,
        specifyipranges=False,
        canusefordeploy=True,
        ispersistent=False,
        displaynetwork=True,
        strechedl2subnet=False,
        subdomainaccess=False,
    )
    network["related"] = network["id"]
    return {"network": describe(state, network)}


@command("listNetworks")
def list_networks(state: State, account: Account, params: dict[str, str]) -> Row:
    if "id" in params:
        state.get("networks", account, params["id"])
    rows = match(state.rows("networks", account), params, "id", "name", "type", "zoneid")
    return paginate(state, "network", rows, params)


@command("deleteNetwork")
def delete_network(state: State, account: Account, params: dict[str, str]) -> Row:
    [network_id] = require(params, "id")
    network = state.get("networks", account, network_id)
    if used_addresses(state, network_id):
        raise ApiError(536, f"Can't delete network {network['name']}: it has virtual machines", 4375)

    def finish() -> None:
        for address in state.rows("addresses"):
            if address.get("associatednetworkid") == network_id:
                release(state, address)
        for rule in [rule for rule in state.rows("egress_rules") if rule["networkid"] == network_id]:
            state.remove("egress_rules", rule["id"])
        state.remove("networks", network_id)

    return {"jobid": state.start_job(account, "network.DeleteNetworkCmd", network, "Network", finish)}


@command("createEgressFirewallRule")
def create_egress_rule(state: State, account: Account, params: dict[str, str]) -> Row:
    [network_id] = require(params, "networkid")
    network = state.get("networks", account, network_id, "networkid")
    values = {"networkid": network["id"], "destcidrlist": params.get("destcidrlist")}
    return add_rule(state, account, "egress_rules", "firewall.CreateEgressFirewallRuleCmd", params, **values)


@command("listEgressFirewallRules")
def list_egress_rules(state: State, account: Account, params: dict[str, str]) -> Row:
    rows = match(state.rows("egress_rules", account), params, "id", "networkid")
    return paginate(state, "firewallrule", describe_rules(rows), params)


@command("deleteEgressFirewallRule")
def delete_egress_rule(state: State, account: Account, params: dict[str, str]) -> Row:
    [rule_id] = require(params, "id")
    rule = state.get("egress_rules", account, rule_id)
    step = lambda: state.remove("egress_rules", rule_id)  # noqa: E731
    return {"jobid": state.start_job(account, "firewall.DeleteEgressFirewallRuleCmd", rule, "FirewallRule", step)}
