"""Errors of flavors of network services and their profiles. Source: neutron_lib/exceptions/flavors.py."""

from stratiform.kit.errors import Conflict, Invalid, NotFound, Unavailable


class NetworkFlavorNotFound(NotFound):
    neutron_type = "FlavorNotFound"

    def __init__(self, flavor_id: str) -> None:
        super().__init__(f"Flavor {flavor_id} could not be found.")


class NetworkFlavorInUse(Conflict):
    neutron_type = "FlavorInUse"

    def __init__(self, flavor_id: str) -> None:
        super().__init__(f"Flavor {flavor_id} is used by some service instance.")


class InvalidFlavorServiceType(Invalid):
    neutron_type = "InvalidFlavorServiceType"

    def __init__(self, service_type: str) -> None:
        super().__init__(f"Invalid service type {service_type}.")


class ServiceProfileNotFound(NotFound):
    neutron_type = "ServiceProfileNotFound"

    def __init__(self, profile_id: str) -> None:
        super().__init__(f"Service Profile {profile_id} could not be found.")


class ServiceProfileInUse(Conflict):
    neutron_type = "ServiceProfileInUse"

    def __init__(self, profile_id: str) -> None:
        super().__init__(f"Service Profile {profile_id} is used by some service instance.")


class ServiceProfileEmpty(Invalid):
    neutron_type = "ServiceProfileEmpty"

    def __init__(self) -> None:
        super().__init__("Service Profile needs either a driver or metainfo.")


class ServiceProfileDriverNotFound(NotFound):
    neutron_type = "ServiceProfileDriverNotFound"

    def __init__(self, driver: str) -> None:
        super().__init__(f"Service Profile driver {driver} could not be found.")


class ServiceProfileDisabled(Unavailable):
    neutron_type = "ServiceProfileDisabled"

    def __init__(self) -> None:
        super().__init__("Service Profile is not enabled.")


class FlavorServiceProfileBindingExists(Conflict):
    neutron_type = "FlavorServiceProfileBindingExists"

    def __init__(self, profile_id: str, flavor_id: str) -> None:
        super().__init__(f"Service Profile {profile_id} is already associated with flavor {flavor_id}.")


class FlavorServiceProfileBindingNotFound(NotFound):
    neutron_type = "FlavorServiceProfileBindingNotFound"

    def __init__(self, profile_id: str, flavor_id: str) -> None:
        super().__init__(f"Service Profile {profile_id} is not associated with flavor {flavor_id}.")
