"""Errors of security groups and their rules. Source: neutron/extensions/securitygroup.py."""

from collections.abc import Sequence

from stratiform.kit.errors import Conflict, Invalid, NotFound


class SecurityGroupNotFound(NotFound):
    neutron_type = "SecurityGroupNotFound"

    def __init__(self, group_id: str) -> None:
        super().__init__(f"Security group {group_id} does not exist")


class SecurityGroupRuleNotFound(NotFound):
    neutron_type = "SecurityGroupRuleNotFound"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"Security group rule {rule_id} does not exist")


class DefaultSecurityGroupRuleNotFound(NotFound):
    neutron_type = "DefaultSecurityGroupRuleNotFound"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"Default Security Group rule {rule_id} does not exist")


class DefaultStatefulnessNotFound(NotFound):
    neutron_type = "SecurityGroupDefaultStatefulnessNotFound"

    def __init__(self, default_id: str) -> None:
        super().__init__(f"Security group default statefulness {default_id} could not be found.")


class SecurityGroupInUse(Conflict):
    neutron_type = "SecurityGroupInUse"

    def __init__(self, group_id: str) -> None:
        super().__init__(f"Security Group {group_id} in use.")


class SecurityGroupRuleExists(Conflict):
    neutron_type = "SecurityGroupRuleExists"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"Security group rule already exists. Rule id is {rule_id}.")


class DefaultSecurityGroupRuleExists(Conflict):
    neutron_type = "DefaultSecurityGroupRuleExists"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"Default Security group rule already exists. Rule id is {rule_id}.")


class DefaultSecurityGroupExists(Conflict):
    neutron_type = "SecurityGroupDefaultAlreadyExists"

    def __init__(self) -> None:
        super().__init__("Default security group already exists.")


class CannotUpdateDefaultSecurityGroup(Conflict):
    neutron_type = "SecurityGroupCannotUpdateDefault"

    def __init__(self) -> None:
        super().__init__("Updating default security group not allowed.")


class CannotRemoveDefaultSecurityGroup(Conflict):
    neutron_type = "SecurityGroupCannotRemoveDefault"

    def __init__(self) -> None:
        super().__init__("Insufficient rights for removing default security group.")


class MixedStatefulness(Conflict):
    neutron_type = "SecurityGroupConflict"

    def __init__(self) -> None:
        reason = "Cannot apply both stateful and stateless security groups on the same port at the same time"
        super().__init__(f"Error {reason} while attempting the operation.")


class InvalidSecurityGroupRuleProtocol(Invalid):
    neutron_type = "SecurityGroupRuleInvalidProtocol"

    def __init__(self, protocol: str, names: Sequence[str]) -> None:
        super().__init__(
            f"Security group rule protocol {protocol} not supported. Only protocol values {list(names)} and integer"
            " representations [0 to 255] are supported."
        )


class InvalidEthertypeForProtocol(Invalid):
    neutron_type = "SecurityGroupEthertypeConflictWithProtocol"

    def __init__(self, ethertype: str, protocol: str) -> None:
        super().__init__(f"Invalid ethertype {ethertype} for protocol {protocol}.")


class InvalidEthertype(Invalid):
    neutron_type = "SecurityGroupRuleInvalidEtherType"

    def __init__(self, ethertype: str, values: Sequence[str]) -> None:
        super().__init__(
            f"Security group rule for ethertype '{ethertype}' not supported. Allowed values are {list(values)}."
        )


class InvalidPortRange(Invalid):
    neutron_type = "SecurityGroupInvalidPortRange"

    def __init__(self) -> None:
        super().__init__("For TCP/UDP protocols, port_range_min must be <= port_range_max")


class InvalidPortValue(Invalid):
    neutron_type = "SecurityGroupInvalidPortValue"

    def __init__(self, port: int) -> None:
        super().__init__(f"Invalid value for port {port}")


class InvalidIcmpValue(Invalid):
    neutron_type = "SecurityGroupInvalidIcmpValue"

    def __init__(self, field: str, attribute: str, value: int) -> None:
        super().__init__(f"Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to 255.")


class MissingIcmpType(Invalid):
    neutron_type = "SecurityGroupMissingIcmpType"

    def __init__(self, code: int) -> None:
        super().__init__(f"ICMP code (port-range-max) {code} is provided but ICMP type (port-range-min) is missing.")


class ProtocolRequiredWithPorts(Invalid):
    neutron_type = "SecurityGroupProtocolRequiredWithPorts"

    def __init__(self) -> None:
        super().__init__("Must also specify protocol if port range is given.")


class InvalidProtocolForPorts(Invalid):
    neutron_type = "SecurityGroupInvalidProtocolForPort"

    def __init__(self, protocol: str, names: Sequence[str]) -> None:
        supported = ", ".join(name.upper() for name in names)
        super().__init__(
            f"Ports cannot be specified for protocol {protocol}. Ports are only supported for {supported}."
        )


class RemoteGroupAndPrefix(Invalid):
    neutron_type = "SecurityGroupMultipleRemoteEntites"

    def __init__(self) -> None:
        super().__init__("Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.")


class SecurityGroupRuleParameterConflict(Invalid):
    neutron_type = "SecurityGroupRuleParameterConflict"

    def __init__(self, ethertype: str, cidr: str) -> None:
        super().__init__(f"Conflicting value ethertype {ethertype} for CIDR {cidr}")


class RulesNotInOneGroup(Invalid):
    neutron_type = "SecurityGroupNotSingleGroupRules"

    def __init__(self) -> None:
        super().__init__("Only allowed to update rules for one security profile at a time")
