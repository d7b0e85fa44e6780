"""Security groups and their rules."""

from stratiform.services.network import policy
from stratiform.services.network.errors.security_groups import (
    DefaultSecurityGroupRuleExists,
    DefaultSecurityGroupRuleNotFound,
    DefaultStatefulnessNotFound,
    SecurityGroupInUse,
    SecurityGroupNotFound,
    SecurityGroupRuleNotFound,
)
from stratiform.services.network.model.resource_types import (
    STANDARD,
    Direction,
    ResourceType,
    computed,
    flag,
    hidden,
    number,
    reference,
    text,
)

#: The attributes of a rule that distinguish it from others, beside its protocol.
RULE_FIELDS = (
    "direction",
    "ethertype",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
    "remote_group_id",
    "remote_address_group_id",
)

SECURITY_GROUP = ResourceType(
    "security_group",
    "security_groups",
    "/security-groups",
    policy.SECURITY_GROUPS,
    SecurityGroupNotFound,
    (
        flag("stateful", default=None),
        flag("shared", create=False, update=False),
        computed("security_group_rules"),
    ),
    in_use=SecurityGroupInUse,
    quota="security_group",
)

_RULE = (
    text("direction", kind=Direction, default="ingress", update=False),
    text("ethertype", default="IPv4", update=False),
    text("protocol", kind=str | int, default=None, update=False),
    number("port_range_min", default=None, update=False),
    number("port_range_max", default=None, update=False),
    text("remote_ip_prefix", default=None, update=False),
)

SECURITY_GROUP_RULE = ResourceType(
    "security_group_rule",
    "security_group_rules",
    "/security-group-rules",
    policy.SECURITY_GROUP_RULES,
    SecurityGroupRuleNotFound,
    (
        reference("security_group_id", "network_security_group", update=False, cascades=True),
        *_RULE,
        reference("remote_group_id", "network_security_group", default=None, update=False, cascades=True),
        reference("remote_address_group_id", default=None, update=False),
        computed("normalized_cidr"),
        computed("belongs_to_default_sg"),
        hidden("fingerprint"),
    ),
    standard=STANDARD - {"name"},
    unique=(("security_group_id", "fingerprint"),),
    quota="security_group_rule",
)

DEFAULT_SECURITY_GROUP_RULE = ResourceType(
    "default_security_group_rule",
    "default_security_group_rules",
    "/default-security-group-rules",
    policy.DEFAULT_SECURITY_GROUP_RULES,
    DefaultSecurityGroupRuleNotFound,
    (
        *_RULE,
        reference("remote_group_id", default=None, update=False),
        reference("remote_address_group_id", default=None, update=False),
        flag("used_in_default_sg", update=False),
        flag("used_in_non_default_sg", default=True, update=False),
        hidden("fingerprint"),
    ),
    duplicate=DefaultSecurityGroupRuleExists,
    standard=STANDARD - {"name"},
    public=True,
    owned=False,
    unique=(("fingerprint",),),
    operations=frozenset({"create", "show", "list", "delete"}),
)

DEFAULT_STATEFULNESS = ResourceType(
    "security_group_default_statefulness",
    "security_groups_default_statefulness",
    "/security-groups-default-statefulness",
    policy.DEFAULT_STATEFULNESS,
    DefaultStatefulnessNotFound,
    (flag("stateful", default=True),),
    standard=frozenset(),
    unique=(("project_id",),),
)
