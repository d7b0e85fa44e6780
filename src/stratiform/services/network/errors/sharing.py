"""Errors of RBAC policies. Source: neutron/extensions/rbac.py."""

from stratiform.kit.errors import Conflict, NotFound


class RbacPolicyNotFound(NotFound):
    neutron_type = "RbacPolicyNotFound"

    def __init__(self, policy_id: str) -> None:
        super().__init__(f"RBAC policy of type rbac_policy with ID {policy_id} not found")


class DuplicateRbacPolicy(Conflict):
    neutron_type = "DuplicateRbacPolicy"

    def __init__(self, _policy_id: str) -> None:
        super().__init__("An RBAC policy already exists with those values.")


class RbacPolicyInUse(Conflict):
    neutron_type = "RbacPolicyInUse"

    def __init__(self, object_id: str, details: str) -> None:
        super().__init__(
            f"RBAC policy on object {object_id} cannot be removed because other objects depend on it.\n"
            f"Details: {details}"
        )
