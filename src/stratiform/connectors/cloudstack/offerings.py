"""Offerings: the products of the cloud's operator, for servers, disks and networks.

An offering is fixed, or customized: then each server or volume has its own number of CPUs, memory or size.
Source: CloudStack API reference (listServiceOfferings, listDiskOfferings, listNetworkOfferings).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stratiform.connectors.cloudstack.responses import read_int
from stratiform.contract.compute import ServerSize
from stratiform.contract.errors import RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

#: The speed of a CPU in an offering that lets us choose it.
_DEFAULT_CPU_SPEED_MHZ = 1000

_SOURCE_NAT = "SourceNat"


@dataclass(frozen=True, slots=True)
class ServiceOffering:
    """An offering of servers. The CPUs, the memory and the speed are 0 if they are chosen for each server."""

    id: str
    name: str
    vcpus: int
    ram_mib: int
    cpu_speed_mhz: int
    is_custom: bool
    limits: Mapping[str, str]

    def fits(self, size: ServerSize) -> bool:
        """Return True if a server of this offering has at least the CPUs and the memory of `size`."""
        if not self.is_custom:
            return self.vcpus >= size.vcpus and self.ram_mib >= size.ram_mib
        return self._permits("cpunumber", size.vcpus) and self._permits("memory", size.ram_mib)

    def build_details(self, size: ServerSize) -> Sequence[Mapping[str, str]]:
        """Return the parameter `details` of a server with this offering; empty for a fixed one."""
        if not self.is_custom:
            return ()
        speed = {} if self.cpu_speed_mhz else {"cpuSpeed": str(_DEFAULT_CPU_SPEED_MHZ)}
        return ({"cpuNumber": str(size.vcpus), "memory": str(size.ram_mib), **speed},)

    def _permits(self, name: str, value: int) -> bool:
        lowest, highest = self.limits.get(f"min{name}", ""), self.limits.get(f"max{name}", "")
        return read_int(lowest) <= value <= read_int(highest, value)


def list_service_offerings(client: "Client") -> Sequence[ServiceOffering]:
    """Return the offerings that are available to the account."""
    return [_to_service_offering(item) for item in client.list_all("listServiceOfferings", "serviceoffering")]


def resolve_service_offering(client: "Client", size: ServerSize) -> ServiceOffering:
    """Return the offering of a size: by its native type, else by the settings, else the one that fits best.

    The best is a fixed one with exactly this size, then a customized one, then the smallest fixed one.
    Raises: RequestRejected if there is none.
    """
    offerings = list_service_offerings(client)
    name = size.native_type or client.settings.service_offering
    if name:
        offerings = [offering for offering in offerings if name in (offering.id, offering.name)]
        if not offerings:
            raise RequestRejected(f"service offering '{name}' not found in CloudStack")
        if size.native_type and not offerings[0].is_custom:
            return offerings[0]
    fitting = [offering for offering in offerings if offering.fits(size)]
    if not fitting:
        raise RequestRejected(
            f"no service offering has {size.vcpus} vCPUs and {size.ram_mib} MiB of memory",
            hint="register a service offering for this flavor: stratiform clouds flavors register --native NAME",
        )
    return min(fitting, key=lambda offering: _get_rank(offering, size))


def resolve_disk_offering(client: "Client", name: str, size_gib: int, *, encrypted: bool) -> "Item":
    """Return the disk offering of a volume: by name or id, else by the settings, else the first that fits.

    Raises: RequestRejected if there is none.
    """
    items = client.list_all("listDiskOfferings", "diskoffering")
    name = name or client.settings.disk_offering
    if name:
        items = [item for item in items if name in (str(item["id"]), item.get("name"))]
        if not items:
            raise RequestRejected(f"disk offering '{name}' not found in CloudStack")
    if encrypted:
        items = [item for item in items if item.get("encrypt")]
    fitting = [item for item in items if is_custom(item) or read_int(item.get("disksize")) == size_gib]
    if not fitting:
        kind = "encrypted " if encrypted else ""
        raise RequestRejected(f"no {kind}disk offering has a size of {size_gib} GiB")
    return min(fitting, key=lambda item: not is_custom(item))


def resolve_network_offering(client: "Client") -> "Item":
    """Return the offering of isolated networks: by the settings, else the default one with source NAT.

    Raises: RequestRejected if there is none.
    """
    items = client.list_all("listNetworkOfferings", "networkoffering", state="Enabled", guestiptype="Isolated")
    name = client.settings.network_offering
    if name:
        items = [item for item in items if name in (str(item["id"]), item.get("name"))]
    else:
        items = [item for item in items if not item.get("forvpc") and _SOURCE_NAT in _list_services(item)]
    if not items:
        raise RequestRejected(f"network offering '{name or 'of isolated networks'}' not found in CloudStack")
    return min(items, key=lambda item: not item.get("isdefault"))


def is_custom(offering: Mapping[str, Any]) -> bool:
    return bool(offering.get("iscustomized"))


def _list_services(offering: Mapping[str, Any]) -> set[str]:
    return {str(service.get("name")) for service in offering.get("service") or ()}


def _get_rank(offering: ServiceOffering, size: ServerSize) -> tuple[int, int, int, str]:
    is_exact = (offering.vcpus, offering.ram_mib) == (size.vcpus, size.ram_mib)
    kind = 1 if offering.is_custom else 0 if is_exact else 2
    return kind, offering.ram_mib, offering.vcpus, offering.name


def _to_service_offering(item: Mapping[str, Any]) -> ServiceOffering:
    return ServiceOffering(
        id=str(item["id"]),
        name=str(item.get("name", "")),
        vcpus=read_int(item.get("cpunumber")),
        ram_mib=read_int(item.get("memory")),
        cpu_speed_mhz=read_int(item.get("cpuspeed")),
        is_custom=is_custom(item),
        limits={str(key).lower(): str(value) for key, value in (item.get("serviceofferingdetails") or {}).items()},
    )
