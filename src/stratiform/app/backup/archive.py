"""The file format of backups: a tar file whose last member is a manifest with the checksum of each other member.

So an archive that was truncated or changed is recognized before anything is restored. Members can be extracted with any
tar program.
"""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

import msgspec

from stratiform.kit.errors import Invalid
from stratiform.kit.file_replacement import open_replacement
from stratiform.kit.json_errors import NOT_JSON

_MANIFEST = "manifest.json"
_FORMAT = 1
_BLOCK_BYTES = 1 << 20
_MAX_MANIFEST_BYTES = 256 << 20

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_HINT = "use a file created by `stratiform backup`"


class Member(msgspec.Struct, frozen=True):
    """Size and checksum of a member."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The content of an archive. `tables`: the number of rows of each table, in the order of foreign keys."""

    format: int = _FORMAT
    program: str
    created_at: str
    revision: str
    tables: dict[str, int]
    members: dict[str, Member]


class ArchiveWriter:
    """Writes members one after the other."""

    def __init__(self, tar: tarfile.TarFile, mtime: int) -> None:
        self._tar = tar
        self._mtime = mtime
        self._members: dict[str, Member] = {}

    def add(self, name: str, content: bytes) -> None:
        self.add_stream(name, io.BytesIO(content), len(content))

    def add_stream(self, name: str, source: BinaryIO, size: int) -> None:
        """Add the first `size` bytes of `source`. Raises: Invalid if it has fewer."""
        reader = _HashingReader(source)
        self._write(name, reader, size)
        self._members[name] = Member(size, reader.hexdigest())

    def finish(self, **details: Any) -> Manifest:
        """Write the manifest; `details` are its fields without `members`."""
        manifest = Manifest(members=self._members, **details)
        content = json.dumps(msgspec.to_builtins(manifest), indent=1).encode()
        self._write(_MANIFEST, io.BytesIO(content), len(content))
        return manifest

    def _write(self, name: str, source: Any, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self._mtime, 0o600
        try:
            self._tar.addfile(info, source)
        except OSError as error:
            if error.errno is not None:
                raise
            raise Invalid(f"{name} was truncated while it was being read", hint="run the backup again") from error


class _HashingReader:
    """Computes the checksum of what tarfile reads."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._source.read(size)
        self._digest.update(block)
        return block

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


@contextmanager
def create_archive(file: Path, mtime: int) -> Iterator[ArchiveWriter]:
    """Write an archive, compressed according to the suffix. It gets its name when it is complete.

    Only its owner can read it. A device or pipe is written directly. Raises: Invalid for another suffix, or if the file
    exists.
    """
    if file.is_file() or file.is_dir():
        raise Invalid(f"{file} already exists", hint="use another name")
    with ExitStack() as stack:
        raw = stack.enter_context(open_replacement(file, 0o600))
        compressed = stack.enter_context(_compress(raw, file.name))
        tar = stack.enter_context(tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT))
        yield ArchiveWriter(tar, mtime)


@contextmanager
def _compress(raw: IO[bytes], name: str) -> Iterator[Any]:
    if name.endswith(".tar"):
        yield raw
    elif name.endswith((".tar.gz", ".tgz")):
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="") as compressed:
            yield compressed
    elif name.endswith((".tar.zst", ".tzst")):
        import zstandard

        with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as compressed:
            yield compressed
    else:
        raise Invalid(f"'{name}' does not have the suffix of a tar archive", hint="use .tar, .tar.gz or .tar.zst")


def verify_archive(file: Path) -> Manifest:
    """Read the whole archive and compare it with its manifest. Raises: Invalid if it is damaged or incomplete."""
    members: dict[str, Member] = {}
    manifest: Manifest | None = None
    for name, source in read_members(file):
        if manifest is not None:
            raise Invalid(f"{file}: '{name}' follows the manifest", hint=_HINT)
        if name == _MANIFEST:
            with _damage_reported(file):
                content = source.read(_MAX_MANIFEST_BYTES)
            manifest = _parse_manifest(file, content)
            continue
        members[name] = _measure(file, source)
    if manifest is None:
        raise Invalid(f"{file} is incomplete: it has no manifest", hint=_HINT)
    _compare(file, manifest.members, members)
    return manifest


def _measure(file: Path, source: IO[bytes]) -> Member:
    """Read a member to its end. Raises: Invalid if the archive ends within it."""
    digest, size = hashlib.sha256(), 0
    with _damage_reported(file):
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return Member(size, digest.hexdigest())


@contextmanager
def _damage_reported(file: Path) -> Iterator[None]:
    """Raise Invalid if the archive ends or cannot be decompressed while a member is read."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise Invalid(f"{file} is corrupt or truncated", hint=_HINT) from error


def _compare(file: Path, expected: Mapping[str, Member], members: Mapping[str, Member]) -> None:
    for name in sorted(expected.keys() ^ members.keys()):
        problem = "is missing" if name in expected else "is not in the manifest"
        raise Invalid(f"{file} is corrupt: {name} {problem}", hint=_HINT)
    for name, member in expected.items():
        if members[name] != member:
            raise Invalid(f"{file} is corrupt: the checksum of {name} does not match the manifest", hint=_HINT)


def _parse_manifest(file: Path, content: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except NOT_JSON as error:
        raise Invalid(f"{file} is corrupt: its manifest is not valid", hint=_HINT) from error
    if manifest.format != _FORMAT:
        raise Invalid(
            f"{file} has backup format {manifest.format}, which this release does not support",
            hint="upgrade Stratiform",
        )
    return manifest


def read_members(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and content of each member, in order. Raises: Invalid if the file is not an archive."""
    try:
        with file.open("rb") as raw, _decompress(raw) as source, tarfile.open(fileobj=source, mode="r|") as tar:
            for info in tar:
                content = tar.extractfile(info) if info.isreg() else None
                if content is None or not _is_safe(info.name):
                    raise Invalid(f"{file}: '{info.name}' is not part of a backup", hint=_HINT)
                yield info.name, content
    except OSError as error:
        if error.errno is not None:
            raise
        raise Invalid(f"{file} is corrupt or truncated", hint=_HINT) from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise Invalid(f"{file} is corrupt, truncated, or not a tar file", hint=_HINT) from error


@contextmanager
def _decompress(raw: BinaryIO) -> Iterator[Any]:
    import zstandard

    magic = raw.read(4)
    raw.seek(0)
    try:
        if magic.startswith(_GZIP):
            yield gzip.GzipFile(fileobj=raw)
        elif magic == _ZSTD:
            yield zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        else:
            yield raw
    except zstandard.ZstdError as error:
        raise EOFError from error


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and str(path) == name
