"""Firewall rules of public addresses and networks: their validation, and conflicts between them."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, describe

_PORT_PROTOCOLS = ("tcp", "udp")


def add_rule(state: State, account: Account, table: str, cmd: str, params: dict[str, str], **values: str | None) -> Row:
    """Create a rule by a job. Raises: ApiError if it is invalid, or conflicts with another one."""
    protocol = params.get("protocol", "").lower()
    for cidr in filter(None, (params.get("cidrlist", ""), params.get("destcidrlist", ""))):
        try:
            ip_network(cidr)
        except ValueError as error:
            raise ApiError(PARAMETER_ERROR, f"Source cidrs formatting error {cidr}") from error
    rule: Row = {
        "protocol": protocol,
        "cidrlist": params.get("cidrlist", "0.0.0.0/0"),
        "state": "Active",
        **{key: value for key, value in values.items() if value is not None},
        **_read_range(protocol, params, allow_all=table == "egress_rules"),
    }
    for other in state.rows(table, account):
        _require_no_conflict(rule, other)
    row = state.add(table, account, **rule)

    def finish() -> Row:
        [described] = describe_rules([row])
        return {"firewallrule": describe(state, described)}

    return {"id": row["id"], "jobid": state.start_job(account, cmd, row, "FirewallRule", finish)}


def describe_rules(rows: Iterable[Row]) -> Iterator[Row]:
    """Return rules as responses contain them: without the account, and with ports as texts."""
    for row in rows:
        yield {
            key: str(value) if key in ("startport", "endport") else value
            for key, value in row.items()
            if key not in ("account", "domain", "domainid", "created")
        }


def _read_range(protocol: str, params: dict[str, str], *, allow_all: bool) -> Row:
    if protocol in _PORT_PROTOCOLS:
        first = int(params.get("startport", "1"))
        last = int(params.get("endport", str(first)))
        if not 1 <= first <= last <= 65535:
            raise ApiError(PARAMETER_ERROR, f"Invalid port range {first}-{last}")
        return {"startport": first, "endport": last}
    if protocol == "icmp":
        return {"icmptype": int(params.get("icmptype", "-1")), "icmpcode": int(params.get("icmpcode", "-1"))}
    if protocol == "all" and allow_all:
        return {}
    raise ApiError(PARAMETER_ERROR, f"Invalid protocol {protocol}")


def _require_no_conflict(rule: Row, other: Row) -> None:
    keys = ("protocol", "cidrlist", "destcidrlist", "ipaddressid", "networkid")
    if any(rule.get(key) != other.get(key) for key in keys):
        return
    if rule["protocol"] in _PORT_PROTOCOLS:
        is_conflict = rule["startport"] <= other["endport"] and other["startport"] <= rule["endport"]
    else:
        is_conflict = rule.get("icmptype") == other.get("icmptype") and rule.get("icmpcode") == other.get("icmpcode")
    if is_conflict:
        raise ApiError(537, f"The range specified conflicts with rule {other['id']}", 4360)
