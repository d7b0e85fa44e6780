"""Random messages that ingest rejects. As in `support.workload`, all of it depends on the random generator only."""

import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from support.shapes import Payload, random_id, wrap_in_envelope
from support.workload import random_notifications


def random_invalid_messages(random: Random, count: int) -> list[bytes]:
    """Return different bodies of invalid messages, of all kinds in turn."""
    bodies = []
    for number in range(count):
        make_invalid = _KINDS[number % len(_KINDS)]
        message = json.loads(json.dumps(random.choice(_valid_messages())))
        message["message_id"] = random_id(random)
        bodies.append(make_invalid(random, message))
    return bodies


def random_properties(random: Random) -> Payload:
    """Return AMQP properties that are wrong for a body, or unknown."""
    return dict(random.choice(_PROPERTIES))


def _truncate(random: Random, message: Payload) -> bytes:
    body = wrap_in_envelope(message)
    return body[: random.randint(20, len(body) - 20)]


def _replace(*path: str, to: Any) -> Callable[[Random, Payload], bytes]:
    """Replace one value of a valid message."""

    def make_invalid(_random: Random, message: Payload) -> bytes:
        parent = message
        for name in path[:-1]:
            parent = parent[name]
        parent[path[-1]] = to
        return wrap_in_envelope(message)

    return make_invalid


def _set_version(version: Any) -> Callable[[Random, Payload], bytes]:
    return lambda _random, message: json.dumps({"oslo.version": version, "oslo.message": json.dumps(message)}).encode()


#: One function per kind of invalid message.
_KINDS: tuple[Callable[[Random, Payload], bytes], ...] = (
    lambda random, _message: b"{no JSON " + random.randbytes(6).hex().encode(),
    lambda random, _message: b"\xff\xfe\x00" + random.randbytes(40),
    _truncate,
    lambda random, _message: json.dumps([random.random()]).encode(),
    lambda random, _message: json.dumps(random.random()).encode(),
    _replace("timestamp", to="soon"),
    _replace("timestamp", to=17),
    _replace("event_type", to=["volume.create.end"]),
    _replace("message_id", to="x" * 300),
    lambda random, message: wrap_in_envelope(message | {"message_id": random.randrange(10**12)}),
    _replace("timestamp", to={}),
    _replace("payload", "size", to="many"),
    _replace("payload", "size", to=10**30),
    _replace("payload", "size", to=-1),
    _replace("payload", "launched_at", to=["yesterday"]),
    _replace("payload", "launched_at", to="10000-01-01T00:00:00"),
    _replace("payload", "volume_id", to=None),
    _replace("payload", "tenant_id", to={"id": "p"}),
    _replace("payload", "display_name", to="a\x00b"),
    _replace("payload", "display_name", to="\ud800"),
    _replace("payload", "display_name", to="n" * 300),
    _replace("payload", to="nothing"),
    _set_version("3.0"),
    _set_version(2),
    _set_version("soon"),
    lambda random, message: wrap_in_envelope(message).replace(b"2.0", b"2.0\x00" + random.randbytes(1)),
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
        "reply_to": "unknown",
        "correlation_id": "\u2603" * 40,
    },
)


@cache
def _valid_messages() -> tuple[Payload, ...]:
    """Return valid messages of volumes."""
    messages = [json.loads(json.loads(body)["oslo.message"]) for body in random_notifications(Random(1), 40)]
    return tuple(message for message in messages if message["event_type"].startswith("volume."))
