"""Addresses of networks: guest addresses, and the public address of a virtual router."""

from ipaddress import IPv4Network

from support.cloudstack.state import Account, ApiError, Row, State


def next_address(network: Row, used: set[str]) -> str:
    for address in IPv4Network(network["cidr"]).hosts():
        if str(address) not in used and str(address) != network["gateway"]:
            return str(address)
    raise ApiError(533, f"Unable to acquire Guest IP address for network {network['name']}", 4331)


def implement_network(state: State, account: Account, network: Row) -> None:
    """Start the virtual router of an isolated network, which takes a public address for source NAT."""
    if network["type"] != "Isolated" or network["state"] == "Implemented":
        return
    network["state"] = "Implemented"
    free = [address for address in state.rows("addresses") if address["state"] == "Free"]
    if not free:
        raise ApiError(533, "Insufficient address capacity", 4320)
    allocate(account, free[-1], network, issourcenat=True)


def allocate(account: Account, address: Row, network: Row, **values: object) -> None:
    """Assign a public address to an account and a network."""
    address |= {
        **account.describe(),
        "_owner": account.name,
        "state": "Allocated",
        "allocated": network["created"],
        "associatednetworkid": network["id"],
        "associatednetworkname": network["name"],
        **values,
    }


def release(state: State, address: Row) -> None:
    """Return a public address to the operator."""
    for key in ("account", "domain", "domainid", "allocated", "associatednetworkid", "associatednetworkname"):
        address.pop(key, None)
    clear_static_nat(address)
    address |= {"_owner": "", "state": "Free", "issourcenat": False}
    state.tags.pop(address["id"], None)
    for table in ("firewall_rules", "forwardings"):
        for rule in [rule for rule in state.rows(table) if rule["ipaddressid"] == address["id"]]:
            state.remove(table, rule["id"])


def clear_static_nat(address: Row) -> None:
    address["isstaticnat"] = False
    for key in ("virtualmachineid", "virtualmachinename", "virtualmachinedisplayname", "vmipaddress"):
        address.pop(key, None)
