"""Assembly of messages from frames, also with invalid properties."""

from struct import pack

import pytest
from amqp.exceptions import UnexpectedFrame  # type: ignore[import-untyped]  # it has no types

from stratiform.interfaces.amqp.frame_assembly import Frame, FrameHandler
from support.bus import BusNames, InvalidPropertiesMessage, connect_amqp


class Connection:
    bytes_recv = 0


class Recorder:
    """Records the messages and methods of frames."""

    def __init__(self) -> None:
        self.methods: list[tuple[int, int]] = []
        self.connection = Connection()
        self.handler = FrameHandler()
        self.handle = self.handler(self.connection, self._method)

    def _method(self, _channel: int, signature: tuple[int, int], _payload: bytes, _content: None) -> None:
        self.methods.append(signature)

    def deliver(self, tag: int, chunks: list[bytes], properties: bytes = b"\x00\x00") -> list[bool]:
        return [self.handle(frame) for frame in message_frames(tag, chunks, properties)]


def message_frames(tag: int, chunks: list[bytes], properties: bytes = b"\x00\x00") -> list[Frame]:
    method = pack(">HH", 60, 60) + b"\x05ctag1" + pack(">Q?", tag, False) + b"\x04nova\x05x.inf"
    header = pack(">HHQ", 60, 0, sum(map(len, chunks))) + properties
    return [(1, 1, method), (2, 1, header), *((3, 1, chunk) for chunk in chunks)]


def encode(frames: list[Frame]) -> bytes:
    return b"".join(pack(">BHI", kind, channel, len(payload)) + payload + b"\xce" for kind, channel, payload in frames)


def test_message_is_complete_with_its_last_frame() -> None:
    recorder = Recorder()
    assert recorder.deliver(7, [b"ab", b"c"]) == [False, False, False, True]
    assert recorder.deliver(8, []) == [False, True]
    assert recorder.deliver(2**40, [b"d"]) == [False, False, True]
    assert recorder.handler.pop_deliveries() == [(7, b"abc"), (8, b""), (2**40, b"d")]
    assert recorder.handler.pop_deliveries() == []
    assert recorder.connection.bytes_recv == 9, "the heartbeat counts received frames"


def test_other_frames_are_passed_on() -> None:
    recorder = Recorder()
    assert recorder.handle((1, 1, pack(">HH", 60, 21))) is True
    assert recorder.handle((8, 0, b"")) is False
    assert (recorder.methods, recorder.handler.pop_deliveries()) == ([(60, 21)], [])


def test_frames_are_split_at_any_byte() -> None:
    others = [(1, 1, pack(">HH", 60, 30)), (8, 0, b"")]
    frames = [*message_frames(1, [b"a", b"bc"]), *others, *message_frames(2, []), *message_frames(3, [b"d"])]
    data = encode(frames)
    for size in range(1, len(data) + 1):
        recorder, rest = Recorder(), b""
        for start in range(0, len(data), size):
            rest = recorder.handler.handle_all(rest + data[start : start + size])
        assert recorder.handler.pop_deliveries() == [(1, b"abc"), (2, b""), (3, b"d")]
        assert (recorder.methods, recorder.connection.bytes_recv, rest) == ([(60, 30)], len(frames), b"")


def test_frame_without_end_is_an_error() -> None:
    recorder = Recorder()
    data = encode(message_frames(1, [b"a"]))
    with pytest.raises(UnexpectedFrame, match="frame ends with 0x00 instead of 0xce"):
        recorder.handler.handle_all(data[:-1] + b"\0")


@pytest.mark.parametrize(
    "properties",
    [
        b"\x80\x00\x03\xff\xfe\xfd",  # content type that is not UTF-8
        b"\x20\x00\x00\x00\x00\x09\x03key?nope",  # header of an unknown type
        b"\x20\x00\xff\xff\xff\xff",  # headers with an invalid length
        b"\x20\x00\x00\x00\x00\x14\x0bcompressionF\x00\x00\x00\x00",  # a table instead of a string
        b"\xff\xff",
    ],
)
def test_invalid_properties_are_ignored(properties: bytes) -> None:
    recorder = Recorder()
    recorder.deliver(1, [b"body"], properties)
    assert recorder.handler.pop_deliveries() == [(1, b"body")]


def test_py_amqp_fails_at_invalid_properties(names: BusNames) -> None:
    """If this test fails, `interfaces.amqp.frames` is no longer necessary."""
    with connect_amqp() as connection:
        channel = connection.channel()
        channel.queue_declare(names.pool)
        channel.basic_publish(InvalidPropertiesMessage(b"{}"), "", names.pool)
        with pytest.raises(UnicodeDecodeError):
            channel.basic_get(names.pool)
