"""Resources that are stored as a document: their kinds, with rules and unique attributes.

Source: the Identity API v3 reference, and its extensions OS-EP-FILTER and OS-FEDERATION.
"""

from dataclasses import dataclass, field

from stratiform.services.identity import policy
from stratiform.services.identity.model import JsonObject
from stratiform.services.identity.policy import ResourceRules


@dataclass(frozen=True, slots=True)
class SimpleResource:
    """A stored document. `owner_id`: the user, project or parent with which it is deleted; may be empty.

    `unique_key`: unique among the resources of its kind.
    """

    kind: str
    id: str
    unique_key: str
    owner_id: str
    attributes: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """One kind of simple resource. `label`: its name in messages; `unique`: attributes that are unique together."""

    name: str
    label: str
    rules: ResourceRules
    unique: tuple[str, ...] = ()

    def build_unique_key(self, resource_id: str, attributes: JsonObject) -> str:
        """Return the text that no other resource of this kind may have."""
        if not self.unique:
            return resource_id
        return "\x1f".join(str(attributes.get(name) or "") for name in self.unique)


POLICY = ResourceKind("policy", "policy", policy.POLICIES)
REGISTERED_LIMIT = ResourceKind(
    "registered_limit",
    "registered limit",
    policy.REGISTERED_LIMITS,
    ("service_id", "region_id", "resource_name"),
)
LIMIT = ResourceKind(
    "limit", "limit", policy.LIMITS, ("project_id", "domain_id", "service_id", "region_id", "resource_name")
)
ENDPOINT_GROUP = ResourceKind("endpoint_group", "endpoint group", policy.ENDPOINT_GROUPS, ("name",))
IDENTITY_PROVIDER = ResourceKind("identity_provider", "Identity Provider", policy.IDENTITY_PROVIDERS)
MAPPING = ResourceKind("mapping", "mapping", policy.MAPPINGS)
PROTOCOL = ResourceKind("protocol", "federated protocol", policy.PROTOCOLS)
SERVICE_PROVIDER = ResourceKind("service_provider", "Service Provider", policy.SERVICE_PROVIDERS)

#: A project's association with an endpoint, or with an endpoint group: the owner is the project.
PROJECT_ENDPOINT = ResourceKind("project_endpoint", "endpoint", policy.PROJECT_ENDPOINTS)
PROJECT_ENDPOINT_GROUP = ResourceKind("project_endpoint_group", "endpoint group", policy.PROJECT_ENDPOINT_GROUPS)
