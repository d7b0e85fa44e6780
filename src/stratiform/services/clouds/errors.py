"""Errors of the clouds service."""

from stratiform.kit.errors import Conflict, Invalid, NotFound, OverLimit


class CloudNotFound(NotFound):
    """No cloud has this name or id."""

    def __init__(self, name_or_id: str) -> None:
        super().__init__(f"Cloud '{name_or_id}' not found")


class CloudConflict(Conflict):
    """Another cloud has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"A cloud named '{name}' already exists")


class CloudInUse(Conflict):
    """Projects are bound to the cloud."""


class BindingNotFound(NotFound):
    """The project is not bound to this cloud, or not in this availability zone."""


class BindingConflict(Conflict):
    """The availability zone of the project is bound to the same cloud or pool already."""


class ProjectNotBound(Conflict):
    """No cloud serves the project."""


class AvailabilityZoneNotFound(Conflict):
    """The project is bound to clouds, but not in this availability zone. Nova's status for it is 400."""

    status = 400


class PoolNotFound(NotFound):
    """No pool has this name or id."""

    def __init__(self, name_or_id: str) -> None:
        super().__init__(f"Pool '{name_or_id}' not found")


class PoolConflict(Conflict):
    """Another pool has this name, or a cloud is a member already."""


class PoolInUse(Conflict):
    """Projects are bound to the pool."""


class PoolMemberNotFound(NotFound):
    """The cloud is not a member of the pool."""


class PlacementPolicyNotFound(NotFound):
    """The project has no placement policy of its own."""


class AccountQuotaExceeded(OverLimit):
    """The quotas of all cloud accounts that could take the request are exhausted."""


class AccountQuotaNotFound(NotFound):
    """The project, user or account has no limits of its own."""


class NativeIdNotFound(NotFound):
    """The resource has no registered native id in the cloud."""


class InvalidNativeId(Invalid):
    """The cloud has no resource with this native id."""
