"""Messages that nobody can take for a notification, by the same rules as `support.workload`."""

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from support.shapes import Payload, envelope, random_id
from support.workload import lives


def poison(random: Random, count: int) -> list[bytes]:
    """Bodies that nobody can take for a notification, no two alike; of each kind some, where `count` allows."""
    made = []
    for number in range(count):
        spoil = _POISONS[number % len(_POISONS)]
        message = json.loads(json.dumps(random.choice(_to_spoil())))
        message["message_id"] = random_id(random)
        made.append(spoil(random, message))
    return made


def odd_properties(random: Random) -> Payload:
    """Properties of AMQP that say of a body what isn't so, or what nobody understands."""
    return dict(random.choice(_PROPERTIES))


def _half(random: Random, message: Payload) -> bytes:
    whole = envelope(message)
    return whole[: random.randint(20, len(whole) - 20)]


def _changed(*path: str, to: Any) -> Callable[[Random, Payload], bytes]:
    """A message that would be right but for one value."""

    def spoil(_random: Random, message: Payload) -> bytes:
        at = message
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = to
        return envelope(message)

    return spoil


def _without(name: str) -> Callable[[Random, Payload], bytes]:
    def spoil(_random: Random, message: Payload) -> bytes:
        return envelope({key: value for key, value in message.items() if key != name})

    return spoil


def _of_version(version: Any) -> Callable[[Random, Payload], bytes]:
    return lambda _random, message: json.dumps({"oslo.version": version, "oslo.message": json.dumps(message)}).encode()


#: One a kind.
_POISONS: tuple[Callable[[Random, Payload], bytes], ...] = (
    lambda random, _message: b"{no JSON " + random.randbytes(6).hex().encode(),
    lambda random, _message: b"\xff\xfe\x00" + random.randbytes(40),
    _half,
    lambda random, _message: json.dumps([random.random()]).encode(),
    lambda random, _message: json.dumps(random.random()).encode(),
    _changed("timestamp", to="soon"),
    _changed("timestamp", to=17),
    _changed("event_type", to=["volume.create.end"]),
    _changed("message_id", to="x" * 300),
    _without("message_id"),
    _without("timestamp"),
    _changed("payload", "size", to="many"),
    _changed("payload", "size", to=10**30),
    _changed("payload", "size", to=-1),
    _changed("payload", "launched_at", to=["yesterday"]),
    _changed("payload", "launched_at", to="10000-01-01T00:00:00"),
    _changed("payload", "volume_id", to=None),
    _changed("payload", "tenant_id", to={"id": "p"}),
    _changed("payload", "display_name", to="a\x00b"),
    _changed("payload", "display_name", to="\ud800"),
    _changed("payload", "display_name", to="n" * 300),
    _changed("payload", to="nothing"),
    _of_version("3.0"),
    _of_version(2),
    _of_version("soon"),
    lambda random, message: envelope(message).replace(b"2.0", b"2.0\x00" + random.randbytes(1)),
    lambda random, _message: b'{"name": "\\ud800 ' + random.randbytes(6).hex().encode() + b'"}',
    lambda random, _message: b"[" * 50_000 + random.randbytes(6).hex().encode(),
    lambda random, _message: b'{"oslo.version": "2.0", "oslo.message": "' + random.randbytes(500_000).hex().encode(),
)  # fmt: skip


_PROPERTIES: tuple[Payload, ...] = (
    {},
    {"content_type": "application/x-python-serialize", "content_encoding": "binary"},
    {"content_type": "application/msgpack"},
    {"content_type": "application/json", "content_encoding": "klingon"},
    {"content_type": "application/json", "content_encoding": "utf-16"},
    {"content_type": "application/json", "content_encoding": "unicode_escape"},
    {"content_type": "application/json", "content_encoding": "utf-8", "application_headers": {"compression": "gzip"}},
    {"application_headers": {"compression": "application/x-gzip", "retry": [1, {"of": None}]}},
    {
        "content_type": "",
        "content_encoding": "",
        "reply_to": "nobody",
        "correlation_id": "\u2603" * 40,
    },
)


@cache
def _to_spoil() -> tuple[Payload, ...]:
    """Messages of volumes that would be right."""
    messages = [json.loads(json.loads(body)["oslo.message"]) for body in lives(Random(1), 40)]
    return tuple(message for message in messages if message["event_type"].startswith("volume."))
