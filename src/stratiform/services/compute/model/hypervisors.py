"""Hypervisors, hosts and compute services: one of each for every cloud."""

from dataclasses import dataclass, field

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The state that operators have given the compute service of a cloud."""

    cloud_id: str
    disabled: bool = False
    disabled_reason: str | None = None
    forced_down: bool = False
    updated_at: Micros = 0


@dataclass(frozen=True, slots=True)
class HypervisorServer:
    """A server of a hypervisor."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Hypervisor:
    """A cloud with the sums of its servers' flavors: `ram` in MiB, `disk` in GiB."""

    id: str
    name: str
    kind: str
    state: ServiceState
    servers: list[HypervisorServer] = field(default_factory=list)
    vcpus: int = 0
    ram: int = 0
    disk: int = 0
    is_up: bool = True

    @property
    def number(self) -> int:
        """The id before 2.53."""
        return int(self.id[-7:].replace("-", ""), 16)
