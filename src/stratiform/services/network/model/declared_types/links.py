"""Trunks and metering labels."""

from typing import Any

from stratiform.services.network import policy
from stratiform.services.network.errors.links import (
    MeteringLabelNotFound,
    MeteringLabelRuleNotFound,
    TrunkInUse,
    TrunkNotFound,
    TrunkPortInUse,
)
from stratiform.services.network.model.resource_types import (
    STANDARD,
    Direction,
    ResourceType,
    document,
    flag,
    reference,
    text,
)

TRUNK = ResourceType(
    "trunk",
    "trunks",
    "/trunks",
    policy.TRUNKS,
    TrunkNotFound,
    (
        flag("admin_state_up", default=True),
        reference("port_id", "network_port", update=False),
        text("status", "ACTIVE", create=False, update=False),
        document("sub_ports", list[dict[str, Any]], [], update=False),
    ),
    in_use=TrunkInUse,
    duplicate=TrunkPortInUse,
    unique=(("port_id",),),
)

METERING_LABEL = ResourceType(
    "metering_label",
    "metering_labels",
    "/metering/metering-labels",
    policy.METERING_LABELS,
    MeteringLabelNotFound,
    (flag("shared", update=False),),
    standard=frozenset({"name", "description"}),
    operations=frozenset({"create", "show", "list", "delete"}),
)

METERING_LABEL_RULE = ResourceType(
    "metering_label_rule",
    "metering_label_rules",
    "/metering/metering-label-rules",
    policy.METERING_LABEL_RULES,
    MeteringLabelRuleNotFound,
    (
        reference("metering_label_id", "network_metering_label", update=False, cascades=True),
        text("direction", "ingress", kind=Direction, update=False),
        flag("excluded", update=False),
        text("remote_ip_prefix", None, update=False),
        text("source_ip_prefix", None, update=False),
        text("destination_ip_prefix", None, update=False),
    ),
    standard=STANDARD - STANDARD,
    operations=frozenset({"create", "show", "list", "delete"}),
)
