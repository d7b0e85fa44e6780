"""Security groups and key pairs. Source: CloudStack API reference (createSecurityGroup, registerSSHKeyPair, …)."""

import base64
import hashlib
from typing import Any
from uuid import uuid4

from support.cloudstack.registry import command, read_maps, require
from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, describe, match, paginate


@command("createSecurityGroup")
def create_group(state: State, account: Account, params: dict[str, str]) -> Row:
    [name] = require(params, "name")
    if any(group["name"] == name for group in state.rows("groups", account)):
        raise ApiError(PARAMETER_ERROR, f"Unable to create security group, a group with name {name} already exists.")
    description = params.get("description", "")
    group = state.add("groups", account, name=name, description=description, ingressrule=[], egressrule=[])
    names = ("id", "name", "description", "account", "domain", "domainid")
    return {"securitygroup": {key: group[key] for key in names}}


@command("listSecurityGroups")
def list_groups(state: State, account: Account, params: dict[str, str]) -> Row:
    rows = match(state.rows("groups", account), params, "id")
    if "securitygroupname" in params:
        rows = [row for row in rows if row["name"] == params["securitygroupname"]]
    visible = [{key: value for key, value in row.items() if key != "created"} for row in rows]
    return paginate(state, "securitygroup", visible, params)


@command("deleteSecurityGroup")
def delete_group(state: State, account: Account, params: dict[str, str]) -> Row:
    if "name" in params:
        rows = [row for row in state.rows("groups", account) if row["name"] == params["name"]]
    else:
        rows = [state.get("groups", account, params.get("id", ""))]
    for group in rows:
        users = [vm for vm in state.rows("vms") for item in vm["securitygroup"] if item["id"] == group["id"]]
        if any(vm["state"] not in ("Destroyed", "Expunging") for vm in users):
            raise ApiError(536, f"Cannot delete group {group['name']} when it's in use by virtual machines", 4375)
        for other in state.rows("groups", account):
            rules = other["ingressrule"] + other["egressrule"]
            if other is not group and any(rule.get("securitygroupname") == group["name"] for rule in rules):
                raise ApiError(536, "Cannot delete group when there are security rules in other groups", 4375)
        state.remove("groups", group["id"])
    return {"success": "true"}


def _authorize(state: State, account: Account, params: dict[str, str], key: str, cmd: str) -> Row:
    [group_id] = require(params, "securitygroupid")
    group = state.get("groups", account, group_id, "securitygroupid")
    protocol = params.get("protocol", "").lower()
    rule: dict[str, Any] = {"ruleid": str(uuid4()), "protocol": protocol}
    if protocol in ("tcp", "udp"):
        rule |= {"startport": int(params["startport"]), "endport": int(params["endport"])}
    elif protocol == "icmp":
        rule |= {"icmptype": int(params["icmptype"]), "icmpcode": int(params["icmpcode"])}
    elif protocol != "all":
        raise ApiError(PARAMETER_ERROR, f"Invalid protocol {protocol}")
    rules = [{**rule, "cidr": cidr} for cidr in filter(None, params.get("cidrlist", "").split(","))]
    for item in read_maps(params, "usersecuritygrouplist"):
        if item["group"] not in [other["name"] for other in state.rows("groups", account)]:
            raise ApiError(PARAMETER_ERROR, f"Nonexistent group {item['group']} for account {item['account']}")
        rules.append({**rule, "securitygroupname": item["group"], "account": item["account"]})
    if not rules:
        raise ApiError(PARAMETER_ERROR, "At least one cidr or at least one security group needs to be specified")

    def finish() -> Row:
        group[key].extend(rules)
        return {"securitygroup": {**describe(state, group), key: rules}}

    return {"jobid": state.start_job(account, f"securitygroup.{cmd}", group, "SecurityGroup", finish)}


def _revoke(state: State, account: Account, params: dict[str, str], key: str, cmd: str) -> Row:
    [rule_id] = require(params, "id")
    groups = [group for group in state.rows("groups", account) if rule_id in [rule["ruleid"] for rule in group[key]]]
    if not groups:
        raise ApiError(PARAMETER_ERROR, f"Unable to find security rule with id {rule_id}")

    def finish() -> None:
        groups[0][key] = [rule for rule in groups[0][key] if rule["ruleid"] != rule_id]

    return {"jobid": state.start_job(account, f"securitygroup.{cmd}", groups[0], "SecurityGroup", finish)}


@command("authorizeSecurityGroupIngress")
def authorize_ingress(state: State, account: Account, params: dict[str, str]) -> Row:
    return _authorize(state, account, params, "ingressrule", "AuthorizeSecurityGroupIngressCmd")


@command("authorizeSecurityGroupEgress")
def authorize_egress(state: State, account: Account, params: dict[str, str]) -> Row:
    return _authorize(state, account, params, "egressrule", "AuthorizeSecurityGroupEgressCmd")


@command("revokeSecurityGroupIngress")
def revoke_ingress(state: State, account: Account, params: dict[str, str]) -> Row:
    return _revoke(state, account, params, "ingressrule", "RevokeSecurityGroupIngressCmd")


@command("revokeSecurityGroupEgress")
def revoke_egress(state: State, account: Account, params: dict[str, str]) -> Row:
    return _revoke(state, account, params, "egressrule", "RevokeSecurityGroupEgressCmd")


@command("registerSSHKeyPair")
def register_key_pair(state: State, account: Account, params: dict[str, str]) -> Row:
    name, key = require(params, "name", "publickey")
    try:
        digest = hashlib.md5(base64.b64decode(key.split()[1], validate=True)).hexdigest()
    except (ValueError, IndexError) as error:
        raise ApiError(PARAMETER_ERROR, "Public key is invalid") from error
    fingerprint = ":".join(digest[start : start + 2] for start in range(0, len(digest), 2))
    for pair in state.rows("key_pairs", account):
        if name == pair["name"] or fingerprint == pair["fingerprint"]:
            raise ApiError(PARAMETER_ERROR, f"A key pair with name '{pair['name']}' or this key already exists.")
    state.add("key_pairs", account, name=name, fingerprint=fingerprint)
    return {"keypair": {"name": name, "fingerprint": fingerprint}}


@command("listSSHKeyPairs")
def list_key_pairs(state: State, account: Account, params: dict[str, str]) -> Row:
    rows = match(state.rows("key_pairs", account), params, "name", "fingerprint")
    pairs = [{"name": row["name"], "fingerprint": row["fingerprint"]} for row in rows]
    return {"count": len(pairs), "sshkeypair": pairs} if pairs else {}
