"""Messages out of frames, and what must not end the hearing."""

from struct import pack

import pytest

from stratiform.interfaces.amqp.frames import Assembly
from support.bus import Names, Spoilt, raw_connection


class Connection:
    bytes_recv = 0


class Taker:
    """Frames go in; messages and methods come out."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, bytes]] = []
        self.methods: list[tuple[int, int]] = []
        self.connection = Connection()
        self.take = Assembly(lambda tag, body: self.messages.append((tag, body)))(self.connection, self._method)

    def _method(self, _channel: int, signature: tuple[int, int], _payload: bytes, _content: None) -> None:
        self.methods.append(signature)

    def deliver(self, tag: int, parts: list[bytes], properties: bytes = b"\x00\x00") -> list[bool]:
        method = pack(">HH", 60, 60) + b"\x05ctag1" + pack(">Q?", tag, False) + b"\x04nova\x05x.inf"
        header = pack(">HHQ", 60, 0, sum(map(len, parts))) + properties
        frames = [(1, 1, method), (2, 1, header), *((3, 1, part) for part in parts)]
        return [self.take(frame) for frame in frames]


def test_a_message_is_whole_with_its_last_part() -> None:
    taker = Taker()
    assert taker.deliver(7, [b"ab", b"c"]) == [False, False, False, True]
    assert taker.deliver(8, []) == [False, True]
    assert taker.deliver(2**40, [b"d"]) == [False, False, True]
    assert taker.messages == [(7, b"abc"), (8, b""), (2**40, b"d")]
    assert taker.connection.bytes_recv == 9, "by which it is seen that the broker lives"


def test_what_is_no_message_is_handed_on() -> None:
    taker = Taker()
    assert taker.take((1, 1, pack(">HH", 60, 21))) is True
    assert taker.take((8, 0, b"")) is False
    assert (taker.methods, taker.messages) == ([(60, 21)], [])


@pytest.mark.parametrize(
    "properties",
    [
        b"\x80\x00\x03\xff\xfe\xfd",  # content type that is no UTF-8
        b"\x20\x00\x00\x00\x00\x09\x03key?nope",  # header of a type that there isn't
        b"\x20\x00\xff\xff\xff\xff",  # headers that end before they begin
        b"\x20\x00\x00\x00\x00\x14\x0bcompressionF\x00\x00\x00\x00",  # a table where a name should be
        b"\xff\xff",
    ],
)
def test_properties_that_make_no_sense_are_no_reason_to_stop(properties: bytes) -> None:
    taker = Taker()
    taker.deliver(1, [b"body"], properties)
    assert taker.messages == [(1, b"body")]


def test_py_amqp_by_itself_would_end_the_connection(names: Names) -> None:
    """The reason for all this: when it no longer does, this file may go."""
    with raw_connection() as connection:
        channel = connection.channel()
        channel.queue_declare(names.pool)
        channel.basic_publish(Spoilt(b"{}"), "", names.pool)
        with pytest.raises(UnicodeDecodeError):
            channel.basic_get(names.pool)
