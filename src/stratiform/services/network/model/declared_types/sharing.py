"""RBAC policies: resources that a project shares with others."""

from typing import Literal

from stratiform.services.network import policy
from stratiform.services.network.errors.sharing import DuplicateRbacPolicy, RbacPolicyNotFound
from stratiform.services.network.model.resource_types import ResourceType, reference, text

#: The types of objects that can be shared, and the declared type of each (networks have a table of their own).
OBJECT_TYPES = {
    "network": "network",
    "security_group": "security_group",
    "address_group": "address_group",
    "address_scope": "address_scope",
    "subnetpool": "subnetpool",
    "qos_policy": "policy",
}

ACCESS_AS_SHARED = "access_as_shared"
ACCESS_AS_EXTERNAL = "access_as_external"

#: The target of a policy for all projects.
EVERY_PROJECT = "*"

RBAC_POLICY = ResourceType(
    "rbac_policy",
    "rbac_policies",
    "/rbac-policies",
    policy.RBAC_POLICIES,
    RbacPolicyNotFound,
    (
        text(
            "object_type",
            "network",
            kind=Literal["network", "security_group", "address_group", "address_scope", "subnetpool", "qos_policy"],
            update=False,
        ),
        reference("object_id", update=False),
        reference("target_tenant"),
        text("action", ACCESS_AS_SHARED, kind=Literal["access_as_shared", "access_as_external"], update=False),
    ),
    duplicate=DuplicateRbacPolicy,
    standard=frozenset(),
    unique=(("object_id", "target_tenant", "action"),),
    quota="rbac_policy",
)
