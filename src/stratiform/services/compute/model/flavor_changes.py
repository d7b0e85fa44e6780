"""What must change so that flavors are the sizes that a cloud offers. Functions of their arguments."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from stratiform.contract.server_types import NativeServerType
from stratiform.services.clouds.model import NativeIdMapping
from stratiform.services.compute.model.flavors import Flavor


class FlavorAction(StrEnum):
    """What a synchronization does. It only reports `conflict` and `differs`."""

    CREATE = "create"
    REGISTER = "register"
    UPDATE = "update"
    DELETE = "delete"
    CONFLICT = "conflict"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class FlavorChange:
    """A change of one flavor. `size` None: the cloud does not offer it any more. `flavor` None: there is none yet."""

    action: FlavorAction
    native_type: str
    size: NativeServerType | None
    flavor: Flavor | None
    reason: str


@dataclass(frozen=True, slots=True)
class FlavorState:
    """The flavors, the native ids of flavors in the cloud, and the flavors that have native ids in other clouds."""

    flavors: Sequence[Flavor]
    mappings: Sequence[NativeIdMapping]
    shared: Collection[str]


def list_flavor_changes(
    sizes: Sequence[NativeServerType], state: FlavorState, patterns: Sequence[str] = ()
) -> Sequence[FlavorChange]:
    """Return the changes, ordered by native type. `patterns` select the sizes, by id or name, for which flavors are
    created.

    A flavor that an operator has mapped to a size is never changed: it may be smaller on purpose.
    """
    flavors = {flavor.id: flavor for flavor in state.flavors}
    names = {flavor.name: flavor for flavor in state.flavors}
    offered = {size.id: size for size in sizes}
    changes: list[FlavorChange] = []
    for mapping in state.mappings:
        flavor = flavors.get(mapping.resource_id)
        if flavor is not None:
            changes += _compare(mapping, flavor, offered.get(mapping.native_id), mapping.resource_id in state.shared)
    mapped = {mapping.native_id for mapping in state.mappings if mapping.resource_id in flavors}
    for native_type, size in offered.items():
        if native_type not in mapped and _is_selected(size, patterns):
            changes.append(_add(size, names.get(size.name)))
    return sorted(changes, key=lambda change: change.native_type)


def _is_selected(size: NativeServerType, patterns: Sequence[str]) -> bool:
    """Return True if a pattern matches the id of a size, or its name: ids of OpenStack are UUIDs."""
    return not patterns or any(fnmatchcase(text, pattern) for text in (size.id, size.name) for pattern in patterns)


def describe_size(size: NativeServerType) -> str:
    return _describe_size(size.vcpus, size.ram_mib, size.disk_gib)


def _describe_size(vcpus: int, ram_mib: int, disk_gib: int) -> str:
    disk = f", {disk_gib} GiB disk" if disk_gib else ""
    return f"{vcpus} vCPUs, {ram_mib} MiB RAM{disk}"


def has_size(flavor: Flavor, size: NativeServerType) -> bool:
    """Return True if a flavor has a native size. A size that does not determine the disk fits any."""
    return (flavor.vcpus, flavor.ram) == (size.vcpus, size.ram_mib) and size.disk_gib in (0, flavor.disk)


def _compare(
    mapping: NativeIdMapping, flavor: Flavor, size: NativeServerType | None, is_shared: bool
) -> Iterator[FlavorChange]:
    """Yield the change of a flavor that has a native id in the cloud, if there is one."""
    if size is not None and has_size(flavor, size):
        return
    problem = "the cloud does not offer this size any more"
    if size is not None:
        problem = f"the flavor has {_describe_flavor(flavor)}, the cloud offers {describe_size(size)}"
    if not mapping.is_synchronized:
        yield FlavorChange(FlavorAction.DIFFERS, mapping.native_id, size, flavor, problem)
    elif size is None:
        yield FlavorChange(FlavorAction.DELETE, mapping.native_id, None, flavor, problem)
    elif is_shared:
        reason = f"{problem}; it is also registered in other clouds"
        yield FlavorChange(FlavorAction.CONFLICT, mapping.native_id, size, flavor, reason)
    else:
        yield FlavorChange(FlavorAction.UPDATE, mapping.native_id, size, flavor, problem)


def _add(size: NativeServerType, namesake: Flavor | None) -> FlavorChange:
    """Return the change for a size without a flavor; `namesake` is the flavor with its name."""
    if namesake is None:
        return FlavorChange(FlavorAction.CREATE, size.id, size, None, describe_size(size))
    if has_size(namesake, size):
        reason = "a flavor of this name and size exists"
        return FlavorChange(FlavorAction.REGISTER, size.id, size, namesake, reason)
    reason = f"a flavor of this name has {_describe_flavor(namesake)}, the cloud offers {describe_size(size)}"
    return FlavorChange(FlavorAction.CONFLICT, size.id, size, namesake, reason)


def _describe_flavor(flavor: Flavor) -> str:
    return _describe_size(flavor.vcpus, flavor.ram, flavor.disk)
