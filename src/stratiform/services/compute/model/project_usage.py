"""Usage of a project, for limits and quotas."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProjectUsage:
    """The servers of a project and the sum of their flavors; `ram` in MiB."""

    servers: int
    vcpus: int
    ram: int
