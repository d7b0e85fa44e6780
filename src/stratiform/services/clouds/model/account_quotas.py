"""Quotas of cloud accounts: limits of servers and their sizes, for the account, its projects and its users.

A limit of a user beats the cloud's limit of each user, as SlipStream's `quota.vm` of a user beats the connector's;
likewise for projects. All limits that apply must have room.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stratiform.kit.errors import Invalid

#: In place of the id of a project or user: each one that has no limits of its own.
EACH = "*"

#: No limit, also where a limit of each project or user would apply. As in Nova's quotas.
UNLIMITED = -1

_MAX_LIMIT = 2**62


class QuotaScope(StrEnum):
    """Whose usage a limit is for: the whole account's, or that of one project or user in it."""

    ACCOUNT = "account"
    PROJECT = "project"
    USER = "user"


class QuotaResource(StrEnum):
    """What is limited: the number of servers, vCPUs, RAM in MiB, disk in GiB (root and ephemeral disks)."""

    SERVERS = "servers"
    VCPUS = "vcpus"
    RAM_MIB = "ram_mib"
    DISK_GIB = "disk_gib"


@dataclass(frozen=True, slots=True)
class Amounts:
    """What servers use."""

    servers: int = 0
    vcpus: int = 0
    ram_mib: int = 0
    disk_gib: int = 0

    def get(self, resource: QuotaResource) -> int:
        return int(getattr(self, resource.value))

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.servers + other.servers,
            self.vcpus + other.vcpus,
            self.ram_mib + other.ram_mib,
            self.disk_gib + other.disk_gib,
        )

    def subtract(self, other: "Amounts") -> "Amounts":
        """Return the differences, which may be negative."""
        return Amounts(
            self.servers - other.servers,
            self.vcpus - other.vcpus,
            self.ram_mib - other.ram_mib,
            self.disk_gib - other.disk_gib,
        )


@dataclass(frozen=True, slots=True)
class AccountLimit:
    """A limit of a cloud account. `owner_id`: a project or user, `EACH`, or "" for the account."""

    cloud_id: str
    scope: QuotaScope
    owner_id: str
    resource: QuotaResource
    limit: int


@dataclass(frozen=True, slots=True)
class QuotaState:
    """The limits of one scope that apply to a request, and the usage in it. `owner_id` "": the account."""

    scope: QuotaScope
    owner_id: str
    limits: Mapping[QuotaResource, int]
    usage: Amounts

    @property
    def is_of_account(self) -> bool:
        return self.scope is QuotaScope.ACCOUNT

    @property
    def fill(self) -> int:
        """The largest used part of a limit, in thousandths."""
        used = [(self.usage.get(resource), limit) for resource, limit in self.limits.items()]
        return max((number * 1000 // limit if limit else 1000 for number, limit in used), default=0)

    def has_room(self, needs: Amounts) -> bool:
        return not self._list_exceeded(needs)

    def add(self, needs: Amounts) -> "QuotaState":
        """Return the state after the usage has grown."""
        return QuotaState(self.scope, self.owner_id, self.limits, self.usage + needs)

    def describe(self, needs: Amounts) -> str:
        """Return requested, used and limit of each resource without room; those of an account are for operators."""
        exceeded = [
            f"{resource.value}: requested {needs.get(resource)}, used {self.usage.get(resource)}, limit {limit}"
            for resource, limit in self._list_exceeded(needs)
        ]
        return f"{self.describe_scope()} ({'; '.join(exceeded)})"

    def describe_scope(self) -> str:
        """Return whose quota is exceeded, without amounts."""
        whose = "cloud account" if self.is_of_account else f"{self.scope.value} in the cloud account"
        return f"quota of the {whose} exceeded"

    def _list_exceeded(self, needs: Amounts) -> list[tuple[QuotaResource, int]]:
        """Return the resources that the request would use more of, beyond their limits."""
        return [
            (resource, limit)
            for resource, limit in self.limits.items()
            if needs.get(resource) > 0 and self.usage.get(resource) + needs.get(resource) > limit
        ]


def select_limits(limits: list[AccountLimit], scope: QuotaScope, owner_id: str) -> dict[QuotaResource, int]:
    """Return the limits of one scope that apply to a project or user: its own, else those of each.

    Unlimited resources are left out.
    """
    chosen: dict[QuotaResource, int] = {}
    for owner in (EACH, owner_id) if scope is not QuotaScope.ACCOUNT else ("",):
        chosen |= {item.resource: item.limit for item in limits if (item.scope, item.owner_id) == (scope, owner)}
    return {resource: limit for resource, limit in chosen.items() if limit != UNLIMITED}


def check_limit(resource: QuotaResource, limit: int) -> None:
    """Raises: Invalid for a limit below -1."""
    if not UNLIMITED <= limit <= _MAX_LIMIT:
        raise Invalid(f"`{resource}` must be a number of at least -1 (unlimited): {limit}")
