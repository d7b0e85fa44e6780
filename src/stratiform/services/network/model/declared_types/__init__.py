"""The declared resource types, by subject."""

from stratiform.services.network.model.declared_types.security import (
    DEFAULT_SECURITY_GROUP_RULE,
    DEFAULT_STATEFULNESS,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)

RESOURCE_TYPES = (
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    DEFAULT_SECURITY_GROUP_RULE,
    DEFAULT_STATEFULNESS,
)
