"""Back ends of block storage: each cloud is one host with one pool, and selects its own storage."""

from collections.abc import Mapping
from dataclasses import dataclass

VENDOR_NAME = "Stratiform"


@dataclass(frozen=True, slots=True)
class Backend:
    """A cloud with block storage. Sizes in GiB; `is_up`: the worker processes requests."""

    cloud_id: str
    cloud_name: str
    kind: str
    zone: str
    volumes: int
    volumes_gib: int
    snapshots: int
    snapshots_gib: int
    has_consistent_snapshots: bool
    has_multiattach: bool
    is_up: bool

    @property
    def host(self) -> str:
        """The host of services; that of volumes is the pool."""
        return f"{self.cloud_name}@stratiform"

    @property
    def pool(self) -> str:
        """The only pool of the host, as in `os-vol-host-attr:host`."""
        return f"{self.host}#{self.cloud_name}"


def matches_backend(extra_specs: Mapping[str, str], cloud_name: str, kind: str) -> bool:
    """Return True unless a volume type requires a back end with another name, vendor or protocol.

    Values with operators (`<in> …`) match every back end. Source: cinder/scheduler/filters/capabilities_filter.py.
    """
    capabilities = {"volume_backend_name": cloud_name, "vendor_name": VENDOR_NAME, "storage_protocol": kind}
    for key, required in extra_specs.items():
        actual = capabilities.get(key.removeprefix("capabilities:"))
        if actual is not None and not required.startswith("<") and required != actual:
            return False
    return True
