"""Reading what was heard in a process of its own: one Python process keeps one core busy, and hearing, reading and
storing are work for more than one.

The other process is told messages and tells what they say, over its standard input and output: frames of msgpack, each
behind its length in four bytes. It ends when its input does, so it can't outlive us.
"""

import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import IO

import msgspec

from stratiform.kit import log, memory
from stratiform.services.metering.events import Reader
from stratiform.services.metering.model import Fact
from stratiform.services.metering.service.batches import Batch, Taken

logger = logging.getLogger(__name__)

_length = Struct(">I")


class _Asked(msgspec.Struct, array_like=True):
    cloud: str
    bodies: list[bytes]


class _Told(msgspec.Struct, array_like=True):
    """A batch, with the places of messages among those that were asked about in the place of their bodies. `cleaned`:
    bodies that are to be kept in another form, without a token."""

    heard: list[tuple[int, str, str, list[Fact]]]
    rejected: list[tuple[int, str]]
    cleaned: dict[int, bytes]


_encode = msgspec.msgpack.Encoder().encode
_asked = msgspec.msgpack.Decoder(_Asked).decode
_told = msgspec.msgpack.Decoder(_Told).decode


#: Reads messages of a cloud.
Reads = Callable[[str, Sequence[bytes]], Batch]


@contextmanager
def apart(reader: Reader, folder: Path) -> Iterator[Reads]:
    """As `reader` does, but in a process of its own; `folder` has the operator's own meters. For one thread."""
    other = _Other(reader, folder)
    try:
        yield other.read
    finally:
        other.close()


@dataclass(slots=True)
class _Other:
    """The other process, as this one sees it."""

    reader: Reader
    folder: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def read(self, cloud: str, bodies: Sequence[bytes]) -> Batch:
        """In the other process; in this one, where that fails."""
        try:
            told = self._ask(_encode(_Asked(cloud, list(bodies))))
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            logger.warning("the process that reads is gone: %s; reading here meanwhile", error)
            self.close()
            return _here(self.reader, cloud, bodies)
        kept = {place: told.cleaned.get(place, body) for place, body in enumerate(bodies)}
        heard = [Taken(cloud, kept[place], kind, key, facts) for place, kind, key, facts in told.heard]
        return Batch(self.reader, heard, [(cloud, kept[place], reason) for place, reason in told.rejected])

    def close(self) -> None:
        """Let the other process end."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        with suppress(OSError), process:  # what it was not told any more
            pass

    def _ask(self, frame: bytes) -> _Told:
        if self._process is None:
            command = [sys.executable, "-m", __name__, str(self.folder)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        to, source = self._process.stdin, self._process.stdout
        assert to is not None, "it is a pipe"
        assert source is not None, "it is a pipe"
        _send(to, frame)
        return _told(_received(source))


def _here(reader: Reader, cloud: str, bodies: Sequence[bytes]) -> Batch:
    """What `bodies` say, read in this process."""
    batch = Batch(reader)
    for body in bodies:
        batch.take_message(cloud, body)
    return batch


def _answer(reader: Reader, asked: _Asked) -> _Told:
    told = _Told([], [], {})
    for place, body in enumerate(asked.bodies):
        one = _here(reader, asked.cloud, [body])
        told.heard += [(place, taken.event_type, taken.message_id, list(taken.facts)) for taken in one.heard]
        told.rejected += [(place, reason) for _, _, reason in one.rejected]
        kept = one.heard[0].body if one.heard else one.rejected[0][1]
        if kept != body:
            told.cleaned[place] = kept
    return told


def _send(to: IO[bytes], frame: bytes) -> None:
    to.write(_length.pack(len(frame)) + frame)
    to.flush()


def _received(source: IO[bytes]) -> bytes:
    """The next frame. Raises EOFError."""
    head = source.read(_length.size)
    frame = source.read(_length.unpack(head)[0]) if len(head) == _length.size else b""
    if not frame:
        raise EOFError("it has ended")
    return frame


def main() -> None:
    """The other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program; we end with our input
    log.set_up("WARNING")
    reader = Reader.load(Path(sys.argv[1]))
    memory.settle()
    while True:
        try:
            asked = _asked(_received(sys.stdin.buffer))
        except EOFError:
            return
        _send(sys.stdout.buffer, _encode(_answer(reader, asked)))


if __name__ == "__main__":
    main()
