"""Notifications of machines and volumes that never were, in the shapes of the recorded ones.

`lives` tells whole lives in order of time; `disorder` mixes them as buses and clocks do; `foreign` speaks of nothing
that is metered. Everything follows from the generator of random numbers that is passed in. See `support.poison`, too.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from support.shapes import Payload, envelope, naive, offset, random_id, spaced, template, zulu

#: Everyone is born within this stretch of time, which begins here.
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
_BIRTHS = timedelta(days=30)

_PROJECTS = tuple(f"{number:032x}" for number in range(0xA0, 0xA8))
_ZONES = ("nova", "west", "east")
_TYPES = ("8e92e9ee-879e-4c28-b238-a3467aa0b039", "1150aef3-f058-4657-9102-c1e99869f90f")

#: Of all machines so many are still there at the end, and so many are told of in one of Nova's voices only.
_IMMORTAL, _ONE_VOICE = 0.25, 0.2


def lives(random: Random, count: int) -> list[bytes]:
    """The notifications of `count` machines and volumes from create to delete, in order of their timestamps."""
    told: list[_Told] = []
    for _ in range(count):
        life: _Machine | _Volume = _Machine(random) if random.random() < 0.5 else _Volume(random)
        life.live(random.randint(1, 9), dies=random.random() >= _IMMORTAL)
        told += life.told
    return [one.body for one in sorted(told, key=lambda one: (one.at, one.body))]


def disorder(random: Random, messages: list[bytes], doubled: float = 0.1, reach: int = 60) -> list[bytes]:
    """The same, each up to `reach` places from its own, and the share `doubled` of them once more."""
    places = [(place + random.uniform(0, reach), message) for place, message in enumerate(messages)]
    again = [
        (place + random.uniform(0, 20 * reach), message)
        for place, message in enumerate(messages)
        if random.random() < doubled
    ]
    return [message for _, message in sorted(places + again)]


def foreign(random: Random, count: int) -> list[bytes]:
    """Notifications of kinds that no meter knows."""
    return [
        envelope(
            {
                "message_id": random_id(random),
                "publisher_id": "weather.lab",
                "event_type": random.choice(("weather.rain.start", "weather.rain.end", "weather.wind")),
                "priority": random.choice(("INFO", "WARN", "SAMPLE")),
                "timestamp": spaced(_BEGIN + timedelta(seconds=random.uniform(0, 1e6))),
                "payload": {"millimetres": random.random(), "station": random.randint(1, 9)},
            }
        )
        for _ in range(count)
    ]


def route_of(body: bytes) -> tuple[str, str]:
    """The exchange and the routing key by which OpenStack would publish it; what can't be read goes as Nova's."""
    told = re.search(rb'event_type\\*": \\*"([a-z]+)\.', body[:4096])
    kind = told[1] if told else b""
    topic = "versioned_notifications" if kind == b"instance" else "notifications"
    return ("cinder" if kind == b"volume" else "nova"), f"{topic}.info"


@dataclass(frozen=True, slots=True)
class _Told:
    at: datetime
    body: bytes


@dataclass
class _Life:
    """What Nova's and Cinder's things have in common: the fields of the row that change, and what was told of it."""

    random: Random
    told: list[_Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = random_id(self.random)
        self.now = _BEGIN + _BIRTHS * self.random.random()
        self.created = self.now
        self.launched: datetime | None = None
        self.deleted: datetime | None = None
        self.project = self.random.choice(_PROJECTS)
        self.zone = self.random.choice(_ZONES)
        self.name = f"{self._kind}-{self.id[:8]}"
        self.state = ""

    _kind = ""

    def live(self, steps: int, *, dies: bool) -> None:
        """Be born, go through `steps` of what can happen, and end, or not."""
        self._be_born()
        for _ in range(steps):
            self._wait()
            self.random.choice(self._happenings())()
        if dies:
            self._wait()
            self._end()

    def _be_born(self) -> None:
        raise NotImplementedError

    def _happenings(self) -> list[Callable[[], None]]:
        raise NotImplementedError

    def _end(self) -> None:
        raise NotImplementedError

    def _wait(self) -> None:
        """Anything between a moment and some days, more often short."""
        self._moment(10 ** self.random.uniform(0, 5.5))

    def _moment(self, seconds: float = 0.2) -> None:
        self.now += timedelta(microseconds=1 + math.floor(seconds * 1e6 * self.random.random()))

    def _rename(self) -> None:
        self.name = f"{self._kind}-{self.random.randint(0, 9999)}"

    def _tell(self, event_type: str, payload: Payload) -> None:
        made = template(event_type)
        made |= {"message_id": random_id(self.random), "timestamp": spaced(self.now), "payload": payload}
        self.told.append(_Told(self.now, envelope(made)))


class _Machine(_Life):
    """A server of Nova, told of in one voice or in both."""

    _kind = "machine"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.flavor = self._flavor()
        self.image = random_id(self.random)
        alone = self.random.random() < _ONE_VOICE
        self.voices = self.random.choice(("old", "new")) if alone else "old new"

    def _happenings(self) -> list[Callable[[], None]]:
        if self.state == "stopped":
            return [self._start, self._start, self._exists]
        if self.state == "shelved_offloaded":
            return [self._unshelve]
        return [self._resize, self._stop, self._named, self._exists, self._attach, self._rebuild, self._shelve]

    def _be_born(self) -> None:
        self.state = "building"
        self._say("create.start", "create.start")
        for _ in range(self.random.randint(0, 3)):
            self._moment()
            self._say("update", "update")
        self._moment(20)
        self.state, self.launched = "active", self.now
        self._moment()
        self._say("create.end", "create.end")

    def _end(self) -> None:
        self._say("delete.start", "delete.start")
        self._moment(5)
        self.state, self.deleted = "deleted", self.now
        self._moment()
        self._say("delete.end", "delete.end")

    def _resize(self) -> None:
        self._say("resize.start", "resize.start")
        self._moment(10)
        self.flavor, self.state, self.launched = self._flavor(), "resized", self.now
        self._moment()
        self._say("finish_resize.end", "resize_finish.end")
        self._moment(60)
        self.state = "active"
        self._say("resize.confirm.end", "resize_confirm.end")

    def _stop(self) -> None:
        self._say("power_off.start", "power_off.start")
        self._moment(3)
        self.state = "stopped"
        self._say("power_off.end", "power_off.end")

    def _start(self) -> None:
        self.state = "active"
        self._say("power_on.end", "power_on.end")

    def _named(self) -> None:
        self._rename()
        self._say("update", "update")

    def _exists(self) -> None:
        self._say("exists", "exists")

    def _attach(self) -> None:
        self._say("volume.attach", "volume_attach.end")

    def _rebuild(self) -> None:
        self._say("rebuild.start", "rebuild.start")
        self._moment(20)
        self.image, self.launched = random_id(self.random), self.now
        self._say("rebuild.end", "rebuild.end")

    def _shelve(self) -> None:
        self._say("shelve.start", "shelve.start")
        self._moment(20)
        self.state = "shelved_offloaded"
        self._say("shelve_offload.end", "shelve_offload.end")

    def _unshelve(self) -> None:
        self.state, self.launched = "active", self.now
        self._moment()
        self._say("unshelve.end", "unshelve.end")

    def _flavor(self) -> Payload:
        size = self.random.randint(0, 4)
        return {
            "flavorid": random_id(Random(size)),
            "name": f"m1.size{size}",
            "vcpus": 2**size,
            "memory_mb": 512 * 2**size,
            "root_gb": 10 * size,
            "ephemeral_gb": self.random.choice((0, 0, 5)),
        }

    def _say(self, old: str, new: str) -> None:
        if "old" in self.voices:
            self._tell(f"compute.instance.{old}", self._unversioned(f"compute.instance.{old}"))
        if "new" in self.voices:
            self._moment(0.01)
            self._tell(f"instance.{new}", self._versioned(f"instance.{new}"))

    def _unversioned(self, event_type: str) -> Payload:
        of = self.flavor
        payload: Payload = template(event_type)["payload"]
        image = payload.get("image_meta") or {}
        return payload | {
            "tenant_id": self.project,
            "instance_id": self.id,
            "display_name": self.name,
            "instance_type": of["name"],
            "instance_flavor_id": of["flavorid"],
            "memory_mb": of["memory_mb"],
            "disk_gb": of["root_gb"] + of["ephemeral_gb"],
            "vcpus": of["vcpus"],
            "root_gb": of["root_gb"],
            "ephemeral_gb": of["ephemeral_gb"],
            "availability_zone": self.zone,
            "created_at": spaced(self.created.replace(microsecond=0)),
            "launched_at": naive(self.launched) or "",
            "terminated_at": naive(self.deleted) or "",
            "deleted_at": naive(self.deleted) or "",
            "image_ref_url": f"http://127.0.0.1:9292/images/{self.image}",
            "image_meta": image | {"base_image_ref": self.image},
            "state": self.state,
        }

    def _versioned(self, event_type: str) -> Payload:
        payload: Payload = template(event_type)["payload"]
        data = payload["nova_object.data"]
        data["flavor"]["nova_object.data"] |= self.flavor
        data |= {
            "tenant_id": self.project,
            "uuid": self.id,
            "display_name": self.name,
            "availability_zone": self.zone,
            "image_uuid": self.image,
            "created_at": zulu(self.created),
            "launched_at": zulu(self.launched),
            "terminated_at": zulu(self.deleted),
            "deleted_at": zulu(self.deleted),
            "state": self.state,
        }
        return payload


class _Volume(_Life):
    """A volume of Cinder."""

    _kind = "volume"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.size = self.random.randint(1, 100)
        self.type = self.random.choice(_TYPES)

    def _happenings(self) -> list[Callable[[], None]]:
        if self.state == "in-use":
            return [self._detach, self._detach, self._exists]
        return [self._attach, self._grow, self._named, self._transfer, self._retype, self._exists]

    def _be_born(self) -> None:
        self.state = "creating"
        self._say("create.start")
        self._moment(10)
        self.state, self.launched = "available", self.now
        self._moment()
        self._say("create.end")

    def _end(self) -> None:
        self.state = "deleting"
        self._say("delete.start")
        self._moment(5)
        self.state = "deleted"
        self._say("delete.end")

    def _attach(self) -> None:
        self.state = "reserved"
        self._say("attach.start")
        self._moment(3)
        self.state = "in-use"
        self._say("attach.end")

    def _detach(self) -> None:
        self.state = "available"
        self._say("detach.end")

    def _grow(self) -> None:
        self.state = "extending"
        self._say("resize.start")
        self._moment(3)
        self.state, self.size = "available", self.size + self.random.randint(1, 50)
        self._say("resize.end")

    def _named(self) -> None:
        self._rename()
        self._say("update.end")

    def _transfer(self) -> None:
        self.project = self.random.choice(_PROJECTS)
        self._say("transfer.accept.end")

    def _retype(self) -> None:
        self.type = self.random.choice(_TYPES)
        self._say("retype")

    def _exists(self) -> None:
        self._say("exists")

    def _say(self, what: str) -> None:
        launched = self.launched or self.now  # as Cinder does
        changed = {
            "tenant_id": self.project,
            "volume_id": self.id,
            "display_name": self.name,
            "availability_zone": self.zone,
            "volume_type": self.type,
            "size": self.size,
            "status": self.state,
            "created_at": offset(self.created.replace(microsecond=0)),
            "launched_at": offset(launched if what == "create.end" else launched.replace(microsecond=0)),
        }
        self._tell(f"volume.{what}", template(f"volume.{what}")["payload"] | changed)
