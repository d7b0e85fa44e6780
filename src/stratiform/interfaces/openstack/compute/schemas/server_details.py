"""Diagnostics, topology and passwords of servers."""

from msgspec import Struct, field


class MemoryDetails(Struct):
    maximum: int
    used: int | None = None


class Diagnostics(Struct, kw_only=True):
    """The standard form, since 2.48; what clouds do not report is null."""

    state: str
    driver: str
    hypervisor: str | None = None
    hypervisor_os: str | None = None
    uptime: int | None = None
    config_drive: bool
    num_cpus: int
    num_nics: int
    num_disks: int
    memory_details: MemoryDetails
    cpu_details: list[str] = field(default_factory=list)
    nic_details: list[str] = field(default_factory=list)
    disk_details: list[str] = field(default_factory=list)


class NodeTopology(Struct):
    vcpu_set: list[int]
    memory_mb: int


class Topology(Struct):
    """Clouds do not report NUMA topologies."""

    nodes: list[NodeTopology] = field(default_factory=list)
    pagesize_kb: int | None = None


class ServerPassword(Struct):
    password: str = ""
