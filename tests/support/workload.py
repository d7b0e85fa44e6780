"""Random notifications of servers and volumes, with the recorded ones as templates.

They depend on the random generator of the caller only. `support.invalid_messages` has messages that are rejected.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from support.shapes import (
    Payload,
    format_naive,
    format_offset,
    format_spaced,
    format_zulu,
    get_template,
    random_id,
    wrap_in_envelope,
)

#: All resources are created in this period.
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
_CREATION_PERIOD = timedelta(days=30)

_PROJECTS = tuple(f"{number:032x}" for number in range(0xA0, 0xA8))
_ZONES = ("nova", "west", "east")
_TYPES = ("8e92e9ee-879e-4c28-b238-a3467aa0b039", "1150aef3-f058-4657-9102-c1e99869f90f")

#: The share of resources that are not deleted, and of servers with either versioned or unversioned notifications only.
_NOT_DELETED, _ONE_FORM = 0.25, 0.2


def random_notifications(random: Random, count: int) -> list[bytes]:
    """Return the notifications of `count` servers and volumes from create to delete, sorted by timestamp."""
    sent: list[_Sent] = []
    for _ in range(count):
        resource: _Server | _Volume = _Server(random) if random.random() < 0.5 else _Volume(random)
        resource.run(random.randint(1, 9), is_deleted=random.random() >= _NOT_DELETED)
        sent += resource.sent
    return [message.body for message in sorted(sent, key=lambda message: (message.at, message.body))]


def shuffle(random: Random, messages: list[bytes], doubled: float = 0.1, reach: int = 60) -> list[bytes]:
    """Move each message by up to `reach` positions, and repeat the share `doubled` of them."""
    moved = [(index + random.uniform(0, reach), message) for index, message in enumerate(messages)]
    repeated = [
        (index + random.uniform(0, 20 * reach), message)
        for index, message in enumerate(messages)
        if random.random() < doubled
    ]
    return [message for _, message in sorted(moved + repeated)]


def unmetered_notifications(random: Random, count: int) -> list[bytes]:
    """Return notifications of event types that are not metered."""
    return [
        wrap_in_envelope(
            {
                "message_id": random_id(random),
                "publisher_id": "weather.lab",
                "event_type": random.choice(("weather.rain.start", "weather.rain.end", "weather.wind")),
                "priority": random.choice(("INFO", "WARN", "SAMPLE")),
                "timestamp": format_spaced(_BEGIN + timedelta(seconds=random.uniform(0, 1e6))),
                "payload": {"millimetres": random.random(), "station": random.randint(1, 9)},
            }
        )
        for _ in range(count)
    ]


def find_route(body: bytes) -> tuple[str, str]:
    """Return the exchange and the routing key that OpenStack uses; those of Nova for an invalid message."""
    match = re.search(rb'event_type\\*": \\*"([a-z]+)\.', body[:4096])
    service = match[1] if match else b""
    topic = "versioned_notifications" if service == b"instance" else "notifications"
    return ("cinder" if service == b"volume" else "nova"), f"{topic}.info"


@dataclass(frozen=True, slots=True)
class _Sent:
    at: datetime
    body: bytes


@dataclass
class _Resource:
    """The row of a resource, and the notifications about it."""

    random: Random
    sent: list[_Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = random_id(self.random)
        self.now = _BEGIN + _CREATION_PERIOD * self.random.random()
        self.created = self.now
        self.launched: datetime | None = None
        self.deleted: datetime | None = None
        self.project = self.random.choice(_PROJECTS)
        self.zone = self.random.choice(_ZONES)
        self.name = f"{self._kind}-{self.id[:8]}"
        self.state = ""

    _kind = ""

    def run(self, steps: int, *, is_deleted: bool) -> None:
        """Create the resource, do a number of random actions, and delete it if `is_deleted`."""
        self._create()
        for _ in range(steps):
            self._wait()
            self.random.choice(self._list_actions())()
        if is_deleted:
            self._wait()
            self._delete()

    def _create(self) -> None:
        raise NotImplementedError

    def _list_actions(self) -> list[Callable[[], None]]:
        raise NotImplementedError

    def _delete(self) -> None:
        raise NotImplementedError

    def _wait(self) -> None:
        """Wait up to some days; short times are more frequent."""
        self._moment(10 ** self.random.uniform(0, 5.5))

    def _moment(self, seconds: float = 0.2) -> None:
        self.now += timedelta(microseconds=1 + math.floor(seconds * 1e6 * self.random.random()))

    def _rename(self) -> None:
        self.name = f"{self._kind}-{self.random.randint(0, 9999)}"

    def _send(self, event_type: str, payload: Payload) -> None:
        message = get_template(event_type)
        message |= {"message_id": random_id(self.random), "timestamp": format_spaced(self.now), "payload": payload}
        self.sent.append(_Sent(self.now, wrap_in_envelope(message)))


class _Server(_Resource):
    """A server with versioned or unversioned notifications, or both."""

    _kind = "machine"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.flavor = self._flavor()
        self.image = random_id(self.random)
        has_one_form = self.random.random() < _ONE_FORM
        self.forms = self.random.choice(("old", "new")) if has_one_form else "old new"

    def _list_actions(self) -> list[Callable[[], None]]:
        if self.state == "stopped":
            return [self._start, self._start, self._exists]
        if self.state == "shelved_offloaded":
            return [self._unshelve]
        return [self._resize, self._stop, self._change_name, self._exists, self._attach, self._rebuild, self._shelve]

    def _create(self) -> None:
        self.state = "building"
        self._notify("create.start", "create.start")
        for _ in range(self.random.randint(0, 3)):
            self._moment()
            self._notify("update", "update")
        self._moment(20)
        self.state, self.launched = "active", self.now
        self._moment()
        self._notify("create.end", "create.end")

    def _delete(self) -> None:
        self._notify("delete.start", "delete.start")
        self._moment(5)
        self.state, self.deleted = "deleted", self.now
        self._moment()
        self._notify("delete.end", "delete.end")

    def _resize(self) -> None:
        self._notify("resize.start", "resize.start")
        self._moment(10)
        self.flavor, self.state, self.launched = self._flavor(), "resized", self.now
        self._moment()
        self._notify("finish_resize.end", "resize_finish.end")
        self._moment(60)
        self.state = "active"
        self._notify("resize.confirm.end", "resize_confirm.end")

    def _stop(self) -> None:
        self._notify("power_off.start", "power_off.start")
        self._moment(3)
        self.state = "stopped"
        self._notify("power_off.end", "power_off.end")

    def _start(self) -> None:
        self.state = "active"
        self._notify("power_on.end", "power_on.end")

    def _change_name(self) -> None:
        self._rename()
        self._notify("update", "update")

    def _exists(self) -> None:
        self._notify("exists", "exists")

    def _attach(self) -> None:
        self._notify("volume.attach", "volume_attach.end")

    def _rebuild(self) -> None:
        self._notify("rebuild.start", "rebuild.start")
        self._moment(20)
        self.image, self.launched = random_id(self.random), self.now
        self._notify("rebuild.end", "rebuild.end")

    def _shelve(self) -> None:
        self._notify("shelve.start", "shelve.start")
        self._moment(20)
        self.state = "shelved_offloaded"
        self._notify("shelve_offload.end", "shelve_offload.end")

    def _unshelve(self) -> None:
        self.state, self.launched = "active", self.now
        self._moment()
        self._notify("unshelve.end", "unshelve.end")

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

    def _notify(self, old: str, new: str) -> None:
        if "old" in self.forms:
            self._send(f"compute.instance.{old}", self._unversioned(f"compute.instance.{old}"))
        if "new" in self.forms:
            self._moment(0.01)
            self._send(f"instance.{new}", self._versioned(f"instance.{new}"))

    def _unversioned(self, event_type: str) -> Payload:
        flavor = self.flavor
        payload: Payload = get_template(event_type)["payload"]
        image = payload.get("image_meta") or {}
        return payload | {
            "tenant_id": self.project,
            "instance_id": self.id,
            "display_name": self.name,
            "instance_type": flavor["name"],
            "instance_flavor_id": flavor["flavorid"],
            "memory_mb": flavor["memory_mb"],
            "disk_gb": flavor["root_gb"] + flavor["ephemeral_gb"],
            "vcpus": flavor["vcpus"],
            "root_gb": flavor["root_gb"],
            "ephemeral_gb": flavor["ephemeral_gb"],
            "availability_zone": self.zone,
            "created_at": format_spaced(self.created.replace(microsecond=0)),
            "launched_at": format_naive(self.launched) or "",
            "terminated_at": format_naive(self.deleted) or "",
            "deleted_at": format_naive(self.deleted) or "",
            "image_ref_url": f"http://127.0.0.1:9292/images/{self.image}",
            "image_meta": image | {"base_image_ref": self.image},
            "state": self.state,
        }

    def _versioned(self, event_type: str) -> Payload:
        payload: Payload = get_template(event_type)["payload"]
        data = payload["nova_object.data"]
        data["flavor"]["nova_object.data"] |= self.flavor
        data |= {
            "tenant_id": self.project,
            "uuid": self.id,
            "display_name": self.name,
            "availability_zone": self.zone,
            "image_uuid": self.image,
            "created_at": format_zulu(self.created),
            "launched_at": format_zulu(self.launched),
            "terminated_at": format_zulu(self.deleted),
            "deleted_at": format_zulu(self.deleted),
            "state": self.state,
        }
        return payload


class _Volume(_Resource):
    """A volume of Cinder."""

    _kind = "volume"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.size = self.random.randint(1, 100)
        self.type = self.random.choice(_TYPES)

    def _list_actions(self) -> list[Callable[[], None]]:
        if self.state == "in-use":
            return [self._detach, self._detach, self._exists]
        return [self._attach, self._grow, self._change_name, self._transfer, self._retype, self._exists]

    def _create(self) -> None:
        self.state = "creating"
        self._notify("create.start")
        self._moment(10)
        self.state, self.launched = "available", self.now
        self._moment()
        self._notify("create.end")

    def _delete(self) -> None:
        self.state = "deleting"
        self._notify("delete.start")
        self._moment(5)
        self.state = "deleted"
        self._notify("delete.end")

    def _attach(self) -> None:
        self.state = "reserved"
        self._notify("attach.start")
        self._moment(3)
        self.state = "in-use"
        self._notify("attach.end")

    def _detach(self) -> None:
        self.state = "available"
        self._notify("detach.end")

    def _grow(self) -> None:
        self.state = "extending"
        self._notify("resize.start")
        self._moment(3)
        self.state, self.size = "available", self.size + self.random.randint(1, 50)
        self._notify("resize.end")

    def _change_name(self) -> None:
        self._rename()
        self._notify("update.end")

    def _transfer(self) -> None:
        self.project = self.random.choice(_PROJECTS)
        self._notify("transfer.accept.end")

    def _retype(self) -> None:
        self.type = self.random.choice(_TYPES)
        self._notify("retype")

    def _exists(self) -> None:
        self._notify("exists")

    def _notify(self, action: str) -> None:
        launched = self.launched or self.now  # as Cinder does
        changes = {
            "tenant_id": self.project,
            "volume_id": self.id,
            "display_name": self.name,
            "availability_zone": self.zone,
            "volume_type": self.type,
            "size": self.size,
            "status": self.state,
            "created_at": format_offset(self.created.replace(microsecond=0)),
            "launched_at": format_offset(launched if action == "create.end" else launched.replace(microsecond=0)),
        }
        self._send(f"volume.{action}", get_template(f"volume.{action}")["payload"] | changes)
