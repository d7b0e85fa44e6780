"""Errors of QoS policies and rules. Source: neutron_lib/exceptions/qos.py."""

from stratiform.kit.errors import Conflict, NotFound


class QosPolicyNotFound(NotFound):
    neutron_type = "QosPolicyNotFound"

    def __init__(self, policy_id: str) -> None:
        super().__init__(f"QoS policy {policy_id} could not be found.")


class QosRuleNotFound(NotFound):
    neutron_type = "QosRuleNotFound"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"QoS rule {rule_id} could not be found.")


class QosPolicyInUse(Conflict):
    neutron_type = "QosPolicyInUse"

    def __init__(self, policy_id: str) -> None:
        super().__init__(f"QoS Policy {policy_id} is used by other resources.")


class QosDefaultPolicyExists(Conflict):
    neutron_type = "QosPolicyDefaultAlreadyExists"

    def __init__(self, project_id: str) -> None:
        super().__init__(f"A default QoS policy exists for project {project_id}.")


class QosRuleExists(Conflict):
    neutron_type = "QoSRulesConflict"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"QoS rule {rule_id} conflicts with an existing rule of the same type and direction.")
