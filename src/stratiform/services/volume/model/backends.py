"""Back ends of block storage: each cloud is one host with one pool, and selects its own storage."""

from dataclasses import dataclass


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
