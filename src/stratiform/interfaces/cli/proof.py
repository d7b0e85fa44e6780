"""`stratiform usage export` and `verify`: the ledger as a file that anyone can check, without us or the network."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stratiform.interfaces.cli.client import CliError, client, say, session
from stratiform.kit.errors import Invalid

if TYPE_CHECKING:
    from stratiform.kit.signed_notes import Checkpoint, Verifier
    from stratiform.services.proof.model.verification import VerificationReport

#: A longer line is of no export; a file that is one line must not fill the memory.
_LONGEST_LINE = 64 * 1024 * 1024

#: The last line begins so.
_END = b'{"kind":"end"'

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

File = Annotated[Path, typer.Argument(metavar="FILE", help="The export; .gz and .zst are packed.")]
Since = Annotated[
    Path | None, typer.Option("--since", help="An earlier export, or a checkpoint, that the ledger must go on from.")
]
KeyTexts = Annotated[list[str] | None, typer.Option("--key", help="Public key of the ledger; may be given often.")]
KeyFile = Annotated[Path | None, typer.Option("--keyfile", help="File of public keys, one a line.")]


def export_file(
    file: File,
    period: Annotated[str | None, typer.Option(help="A month (UTC), such as 2026-10; without, everything.")] = None,
    project: Annotated[str | None, typer.Option(help="Id of the project.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known then: a position of the ledger, or a time.")] = None,
    since: Since = None,
    key: KeyTexts = None,
    keyfile: KeyFile = None,
) -> None:
    """Write all events of what was used in a period into FILE, with proofs, and the segments that follow from them."""
    start, end = (None, None) if period is None else _month(period)
    after = None if since is None else _checkpoint(since, _keys(key, keyfile)).size
    asked = {"from": start, "to": end, "project_id": project, "as_of": as_of, "since": after}
    partial = file.with_name(f".{file.name}.partial")
    try:
        with _packing(partial, file.suffix) as write:
            last = b""
            for piece in client().stream("usage/log/export", **asked):
                write(piece)
                last = (last + piece).rstrip(b"\n").rpartition(b"\n")[2] + piece[len(piece.rstrip(b"\n")) :]
        if not last.startswith(_END):
            raise CliError("the export broke off", "try again; the server's log says why")
        partial.replace(file)
    except OSError as error:
        raise CliError(f"can't write {file}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    say(f"{file}: {file.stat().st_size} bytes; check it with `stratiform usage verify {file}`")


def verify_file(
    file: File,
    key: KeyTexts = None,
    keyfile: KeyFile = None,
    since: Since = None,
) -> None:
    """Check FILE offline: signatures, proofs, that nothing is missing, and that its segments follow from its events.

    Names every event that was altered, removed or put in, and every segment that doesn't follow; ends with 1 then.
    """
    from stratiform.services.proof.model.verification import verify  # no other command needs the ledger's rules

    known = _keys(key, keyfile)
    earlier = None if since is None else _checkpoint(since, known)
    with _opened(file) as source:
        found = verify(_lines(source), known, earlier)
    _tell(file, found)
    if found.failures:
        raise typer.Exit(1)


def _tell(file: Path, found: "VerificationReport") -> None:
    for line in found.failures:
        say(f"WRONG  {line}")
    for line in found.notes:
        say(f"note   {line}")
    log = found.checkpoint
    if log is not None:
        say(
            f"{file}: {found.events} events and {found.segments} segments of {found.resources} resources, "
            f"from the log of {log.origin} with {log.size} events"
        )
    if found.withheld:
        say(f"{found.withheld} events of other projects are held back: that they are in the log is shown")
    if found.failures:
        what = "1 thing is" if len(found.failures) == 1 else f"{len(found.failures)} things are"
        say(f"{what} wrong: this isn't what was signed")
    else:
        say("all as it was signed" + (", and no event of the log is missing" if found.is_complete_log else ""))


def _keys(texts: list[str] | None, file: Path | None) -> "list[Verifier]":
    """Whom the reader trusts: as told, else the keys of this home. Raises CliError where there are none."""
    from stratiform.kit.signed_notes import Verifier
    from stratiform.kit.signing import SigningKeys

    lines = list(texts or [])
    if file is not None:
        with _opened(file) as source:
            lines += source.read(_LONGEST_LINE).decode(errors="replace").split("\n")
    if not lines:
        found = SigningKeys(session.home / "keys" / "ledger").list_verifiers()
        if not found:
            raise CliError("whose signature is it?", "give the ledger's public key by --key or --keyfile")
        return found
    try:
        return [Verifier.parse(line) for line in lines if line.strip() and not line.startswith("#")]
    except Invalid as error:
        raise CliError(error.message, error.hint) from error


def _checkpoint(file: Path, known: "list[Verifier]") -> "Checkpoint":
    """That of an earlier export, or of a file that is one. Raises CliError where it can't be trusted."""
    from stratiform.services.proof.model.verification import read_checkpoint

    with _opened(file) as source:
        first = source.readline(_LONGEST_LINE)
        text = first if first.startswith(b"{") else first + source.read(_LONGEST_LINE)
    try:
        return read_checkpoint(text, known)
    except Invalid as error:
        raise CliError(f"{file} is no export or checkpoint that can be trusted: {error.message}") from error


def _month(text: str) -> tuple[str, str]:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise CliError(f"'{text}' is no month", "like 2026-10") from error
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return f"{first}T00:00:00Z", f"{following}T00:00:00Z"


@contextmanager
def _opened(file: Path) -> Iterator[io.BufferedIOBase]:
    """The bytes of `file`, unpacked where it is packed. Raises CliError."""
    import zstandard

    try:
        with file.open("rb") as raw:
            begins = raw.read(4)
            raw.seek(0)
            if begins.startswith(_GZIP):
                yield gzip.GzipFile(fileobj=raw)
            elif begins == _ZSTD:
                yield io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))
            else:
                yield raw
    except OSError as error:
        raise CliError(f"can't read {file}: {error.strerror or 'it is damaged'}") from error
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        raise CliError(f"can't read {file}: it is cut off or damaged") from error


@contextmanager
def _packing(file: Path, suffix: str) -> Iterator[Callable[[bytes], object]]:
    """A way to write into `file`, packed where its name says so."""
    import zstandard

    with file.open("wb") as raw:
        if suffix == ".gz":
            with gzip.GzipFile(fileobj=raw, mode="wb", filename="") as packed:
                yield packed.write
        elif suffix == ".zst":
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as packed:
                yield packed.write
        else:
            yield raw.write


def _lines(source: io.BufferedIOBase) -> Iterator[bytes]:
    """Lines with their ends. What is longer than any comes in pieces, and so is no line of an export."""
    while line := source.readline(_LONGEST_LINE):
        yield line
