"""Settings of the simulated cloud: its latency, faults, capacity and availability zones."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.contract.connector import Setting, validate_settings
from stratiform.contract.server_types import NativeServerType
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_uint

_MAX_PERCENT = 100

SETTINGS = (
    Setting(
        "latency_ms",
        "Duration in milliseconds of an asynchronous operation, such as creating, starting or resizing a server.",
        required=False,
        default="50",
    ),
    Setting("call_ms", "Duration in milliseconds of a request.", required=False, default="0"),
    Setting("fail_percent", "Percentage of requests that fail without effect.", required=False, default="0"),
    Setting(
        "lose_percent",
        "Percentage of requests that take effect but whose response is lost.",
        required=False,
        default="0",
    ),
    Setting("break_percent", "Percentage of new servers that end up in the error state.", required=False, default="0"),
    Setting("capacity_vcpus", "Maximum total vCPUs of all servers; 0: unlimited.", required=False, default="0"),
    Setting("seed", "Seed for the random faults, to make runs reproducible; empty: a random seed.", required=False),
    Setting(
        "server_types",
        "Types of servers on offer, NAME:VCPUS:RAM_MIB:DISK_GIB, separated by commas.",
        required=False,
        default="memory.small:1:2048:20,memory.medium:2:4096:40,memory.large:4:8192:80",
    ),
    Setting("zones", "Availability zones, separated by commas.", required=False, default="zone-1"),
    Setting(
        "password",
        "Password of the simulated account; the first connection sets it.",
        secret=True,
        required=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Behavior:
    """Latency, faults and capacity of the simulated cloud. A row of its `faults` table overrides a field.

    `fail_next` and `lose_next` are counters: that many requests fail, or lose their response.
    """

    latency_ms: int = 50
    call_ms: int = 0
    fail_percent: int = 0
    lose_percent: int = 0
    break_percent: int = 0
    capacity_vcpus: int = 0
    fail_next: int = 0
    lose_next: int = 0

    def replace(self, values: Mapping[str, int]) -> "Behavior":
        """Return a copy with `values`. Raises: Invalid for an unknown name or a number out of range."""
        names = {field.name for field in dataclasses.fields(self)}
        for name, value in values.items():
            if name not in names:
                raise Invalid(f"unknown fault '{name}'", hint=f"faults: {', '.join(sorted(names))}")
            if value < 0 or (name.endswith("_percent") and value > _MAX_PERCENT):
                raise Invalid(f"'{name}' is out of range: {value}")
        return dataclasses.replace(self, **values)


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """Validated settings of one simulated cloud."""

    behavior: Behavior
    seed: str
    zones: tuple[str, ...]
    server_types: tuple[NativeServerType, ...]
    password: str = dataclasses.field(repr=False)


def parse_settings(settings: Mapping[str, str]) -> MemorySettings:
    """Validate the settings of an account. Raises: Invalid, with the name of the setting."""
    values = validate_settings("memory", SETTINGS, settings)
    numbers = {}
    for field in dataclasses.fields(Behavior):
        if field.name in values:
            number = parse_uint(values[field.name])
            if number is None:
                raise Invalid(f"setting '{field.name}' must be a non-negative integer: '{values[field.name]}'")
            numbers[field.name] = number
    zones = tuple(zone.strip() for zone in values["zones"].split(",") if zone.strip())
    if not zones:
        raise Invalid("setting 'zones' must name at least one availability zone")
    types = tuple(_parse_server_type(text.strip()) for text in values["server_types"].split(",") if text.strip())
    return MemorySettings(Behavior().replace(numbers), values["seed"], zones, types, values["password"])


def _parse_server_type(text: str) -> NativeServerType:
    """Raises: Invalid, with the name of the setting."""
    name, *texts = text.split(":")
    numbers = [number for number in map(parse_uint, texts) if number is not None]
    if not name or len(texts) != len(numbers) or len(numbers) != 3:
        raise Invalid(f"setting 'server_types' must contain NAME:VCPUS:RAM_MIB:DISK_GIB: '{text}'")
    vcpus, ram_mib, disk_gib = numbers
    return NativeServerType(name, name, vcpus, ram_mib, disk_gib)
