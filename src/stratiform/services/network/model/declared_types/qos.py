"""QoS policies and their rules."""

from typing import Annotated, Literal

from msgspec import Meta

from stratiform.services.network import policy
from stratiform.services.network.errors.qos import (
    QosPolicyInUse,
    QosPolicyNotFound,
    QosRuleExists,
    QosRuleNotFound,
)
from stratiform.services.network.model.resource_types import (
    Attribute,
    Direction,
    ResourceType,
    computed,
    flag,
    number,
    reference,
    text,
)

_Rate = Annotated[int, Meta(ge=0, le=2**31 - 1)]

#: The values of the DSCP field. Source: neutron_lib/services/qos/constants.py.
_DSCP_MARKS = (0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 44, 46, 48, 56)

QOS_POLICY = ResourceType(
    "policy",
    "policies",
    "/qos/policies",
    policy.QOS_POLICIES,
    QosPolicyNotFound,
    (
        flag("shared", create_rule=policy.QOS_POLICIES.create, update_rule=policy.QOS_POLICIES.update),
        flag("is_default"),
        computed("rules"),
    ),
    in_use=QosPolicyInUse,
)


def _rule(kind: str, attributes: tuple[Attribute, ...], unique: tuple[str, ...]) -> ResourceType:
    return ResourceType(
        f"{kind}_rule",
        f"{kind}_rules",
        f"/qos/policies/{{policy_id}}/{kind}_rules",
        policy.QOS_RULES[kind],
        QosRuleNotFound,
        (reference("policy_id", "network_policy", update=False, cascades=True, hidden=True), *attributes),
        duplicate=QosRuleExists,
        standard=frozenset(),
        owned=False,
        parent="policy_id",
        unique=(unique,),
    )


_DIRECTION = text("direction", "egress", kind=Direction)

QOS_RULES = (
    _rule(
        "bandwidth_limit",
        (number("max_kbps", _Rate), number("max_burst_kbps", _Rate, 0), _DIRECTION),
        ("policy_id", "direction"),
    ),
    _rule("dscp_marking", (number("dscp_mark", Literal[_DSCP_MARKS]),), ("policy_id",)),
    _rule("minimum_bandwidth", (number("min_kbps", _Rate), _DIRECTION), ("policy_id", "direction")),
    _rule(
        "minimum_packet_rate",
        (number("min_kpps", _Rate), text("direction", "egress", kind=Literal["any", "ingress", "egress"])),
        ("policy_id", "direction"),
    ),
    _rule(
        "packet_rate_limit",
        (number("max_kpps", _Rate), number("max_burst_kpps", _Rate, 0), _DIRECTION),
        ("policy_id", "direction"),
    ),
)
