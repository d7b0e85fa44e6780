"""Errors of subnet pools, address scopes and address groups. Source: neutron_lib/exceptions."""

from stratiform.kit.errors import Conflict, Invalid, NotFound


class AddressScopeNotFound(NotFound):
    neutron_type = "AddressScopeNotFound"

    def __init__(self, scope_id: str) -> None:
        super().__init__(f"Address scope {scope_id} could not be found.")


class AddressScopeInUse(Conflict):
    neutron_type = "AddressScopeInUse"

    def __init__(self, scope_id: str) -> None:
        super().__init__(
            f"Unable to complete operation on address scope {scope_id}. There are one or more subnet pools in use on"
            " the address scope."
        )


class AddressGroupNotFound(NotFound):
    neutron_type = "AddressGroupNotFound"

    def __init__(self, group_id: str) -> None:
        super().__init__(f"Address group {group_id} could not be found.")


class AddressGroupInUse(Conflict):
    neutron_type = "AddressGroupInUse"

    def __init__(self, group_id: str) -> None:
        super().__init__(f"Address group {group_id} is in use on one or more security group rules.")


class AddressesAlreadyExist(Invalid):
    neutron_type = "AddressesAlreadyExist"

    def __init__(self, addresses: list[str], group_id: str) -> None:
        super().__init__(f"Addresses {addresses} already exist in the address group {group_id}.")


class AddressesNotFound(NotFound):
    neutron_type = "AddressesNotFound"

    def __init__(self, addresses: list[str], group_id: str) -> None:
        super().__init__(f"Addresses {addresses} not found in the address group {group_id}.")


class SubnetPoolInUse(Conflict):
    neutron_type = "SubnetPoolInUse"

    def __init__(self, pool_id: str) -> None:
        super().__init__(
            f"Unable to complete operation on subnet pool {pool_id}. Subnet pool has existing allocations."
        )


class SubnetAllocationFailed(Conflict):
    neutron_type = "SubnetAllocationError"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Failed to allocate subnet: {reason}.")


class SubnetPoolQuotaExceeded(Conflict):
    neutron_type = "SubnetPoolQuotaExceeded"

    def __init__(self) -> None:
        super().__init__("Per-project subnet pool prefix quota exceeded.")


class IllegalSubnetPoolPrefix(Invalid):
    neutron_type = "IllegalSubnetPoolPrefixUpdate"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Illegal subnet pool prefix: {reason}.")


class IllegalPrefixLength(Invalid):
    neutron_type = "IllegalSubnetPoolPrefixBounds"

    def __init__(self, name: str, length: int, base_name: str, base_length: int) -> None:
        super().__init__(f"Illegal prefix bounds: {name}={length}, {base_name}={base_length}.")
