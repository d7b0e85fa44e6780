"""What the simulated cloud can be told, and how it behaves then."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.contract.connector import Setting
from stratiform.kit.errors import Invalid

_ALL_PERCENT = 100

SETTINGS = (
    Setting("latency_ms", "Time until a machine, disk, stop, start or resize is done.", required=False, default="50"),
    Setting("call_ms", "Time that every call takes.", required=False, default="0"),
    Setting("fail_percent", "Calls that are refused before they take effect.", required=False, default="0"),
    Setting("lose_percent", "Calls that take effect while their answer is lost.", required=False, default="0"),
    Setting("break_percent", "Machines that end in an error instead of running.", required=False, default="0"),
    Setting("capacity_vcpus", "vCPUs that all machines may have together; 0: no limit.", required=False, default="0"),
    Setting("seed", "Makes the faults the same in each process; empty: random.", required=False),
    Setting("zones", "Names of its zones, separated by commas.", required=False, default="zone-1"),
    Setting("password", "Of the simulated account; the first to connect sets it.", secret=True, required=False),
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the cloud behaves; a row of its `faults` table overrides a field while it is there.

    `fail_next` and `lose_next` count down: exactly so many calls fail, or lose their answer.
    """

    latency_ms: int = 50
    call_ms: int = 0
    fail_percent: int = 0
    lose_percent: int = 0
    break_percent: int = 0
    capacity_vcpus: int = 0
    fail_next: int = 0
    lose_next: int = 0

    def changed(self, values: Mapping[str, int]) -> "Behaviour":
        """Raises Invalid for an unknown name or a number out of range."""
        known = {field.name for field in dataclasses.fields(self)}
        for name, value in values.items():
            if name not in known:
                raise Invalid(f"unknown fault: {name}", hint=f"known: {', '.join(sorted(known))}")
            if value < 0 or (name.endswith("_percent") and value > _ALL_PERCENT):
                raise Invalid(f"{name}: {value} is out of range")
        return dataclasses.replace(self, **values)


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """The settings of one account, checked."""

    behaviour: Behaviour
    seed: str
    zones: tuple[str, ...]
    password: str = dataclasses.field(repr=False)


def parse(given: Mapping[str, str]) -> MemorySettings:
    """Raises Invalid, naming the key, for what is no number, out of range or empty."""
    told = {setting.name: given.get(setting.name, setting.default) for setting in SETTINGS}
    numbers = {}
    for field in dataclasses.fields(Behaviour):
        if field.name in told:
            if not told[field.name].isdecimal():
                raise Invalid(f"{field.name}: '{told[field.name]}' is not a whole number of zero or more")
            numbers[field.name] = int(told[field.name])
    zones = tuple(zone.strip() for zone in told["zones"].split(",") if zone.strip())
    if not zones:
        raise Invalid("zones: at least one is needed")
    return MemorySettings(Behaviour().changed(numbers), told["seed"], zones, told["password"])
