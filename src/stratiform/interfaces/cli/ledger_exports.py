"""`stratiform usage export` and `verify`: exports of the ledger, and their offline verification."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import get_client, session
from stratiform.interfaces.cli.text import print_line
from stratiform.kit.errors import Invalid
from stratiform.kit.file_replacement import open_replacement

if TYPE_CHECKING:
    from stratiform.kit.signed_notes import Checkpoint, Verifier
    from stratiform.services.proof.model.verification import VerificationReport

#: The maximum length of a line, so that a file without line ends does not fill the memory.
_MAX_LINE_BYTES = 64 * 1024 * 1024

#: The beginning of the last line.
_END = b'{"kind":"end"'

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

File = Annotated[Path, typer.Argument(metavar="FILE", help="The export; .gz and .zst are compressed.")]
Since = Annotated[
    Path | None, typer.Option("--since", help="An earlier export or checkpoint that the log must be consistent with.")
]
KeyTexts = Annotated[list[str] | None, typer.Option("--key", help="Public key of the ledger; can be repeated.")]
KeyFile = Annotated[Path | None, typer.Option("--keyfile", help="File of public keys, one per line.")]


def export_file(
    file: File,
    period: Annotated[str | None, typer.Option(help="A month (UTC), such as 2026-10; default: everything.")] = None,
    project: Annotated[str | None, typer.Option(help="ID of the project.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As-of position of the ledger, or a time.")] = None,
    since: Since = None,
    key: KeyTexts = None,
    keyfile: KeyFile = None,
) -> None:
    """Export the events of all resources used in a period, with proofs and the resulting segments."""
    start, end = (None, None) if period is None else _month(period)
    after = None if since is None else _checkpoint(since, _keys(key, keyfile)).size
    params = {"from": start, "to": end, "project_id": project, "as_of": as_of, "since": after}
    try:
        with open_replacement(file) as opened, _compressed_writer(opened, file.suffix) as write:
            last_line = b""
            for chunk in get_client().stream_bytes("usage/log/export", **params):
                write(chunk)
                line_ends = chunk[len(chunk.rstrip(b"\n")) :]
                last_line = (last_line + chunk).rstrip(b"\n").rpartition(b"\n")[2] + line_ends
            if not last_line.startswith(_END):
                raise CliError("The export was interrupted", "try again; see the server log")
    except OSError as error:
        raise CliError(f"Cannot write {file}: {error.strerror}") from error
    if file.is_file():
        print_line(f"{file}: {file.stat().st_size} bytes; verify it with `stratiform usage verify {file}`")


def verify_file(
    file: File,
    key: KeyTexts = None,
    keyfile: KeyFile = None,
    since: Since = None,
) -> None:
    """Verify FILE offline: signatures, proofs, completeness, and that its segments follow from its events.

    Exit status 1: events were altered, removed or added, or segments do not follow; each is listed.
    """
    from stratiform.services.proof.model.verification import verify_export  # not needed by other commands

    verifiers = _keys(key, keyfile)
    earlier = None if since is None else _checkpoint(since, verifiers)
    with _open(file) as source:
        report = verify_export(_lines(source), verifiers, earlier)
    _print_report(file, report)
    if report.failures:
        raise typer.Exit(1)


def _print_report(file: Path, report: "VerificationReport") -> None:
    for failure in report.failures:
        print_line(f"FAILED  {failure}")
    for note in report.notes:
        print_line(f"note    {note}")
    checkpoint = report.checkpoint
    if checkpoint is not None:
        print_line(
            f"{file}: {report.events} events and {report.segments} segments of {report.resources} resources, "
            f"from the log of {checkpoint.origin} with {checkpoint.size} events"
        )
    if report.withheld:
        print_line(f"{report.withheld} events of other projects are withheld; their inclusion in the log is proven")
    if report.failures:
        print_line(f"Verification failed; failures: {len(report.failures)}")
    else:
        print_line("Verified" + (": no event of the log is missing" if report.is_complete_log else ""))


def _keys(texts: list[str] | None, file: Path | None) -> "list[Verifier]":
    """Return the trusted keys: those of the options, or else of this home. Raises CliError if there are none."""
    from stratiform.kit.signed_notes import Verifier
    from stratiform.kit.signing_keys import SigningKeys

    lines = list(texts or [])
    if file is not None:
        with _open(file) as source:
            lines += source.read(_MAX_LINE_BYTES).decode(errors="replace").split("\n")
    if not lines:
        verifiers = SigningKeys(session.home / "keys" / "ledger").list_verifiers()
        if not verifiers:
            raise CliError("No public key to verify with", "use --key or --keyfile with the key of the ledger")
        return verifiers
    try:
        return [Verifier.parse(line) for line in lines if line.strip() and not line.startswith("#")]
    except Invalid as error:
        raise CliError(error.message, error.hint) from error


def _checkpoint(file: Path, verifiers: "list[Verifier]") -> "Checkpoint":
    """Return the checkpoint of an export or of a checkpoint file. Raises CliError if its signature is not trusted."""
    from stratiform.services.proof.model.verification import read_checkpoint

    with _open(file) as source:
        first = source.readline(_MAX_LINE_BYTES)
        text = first if first.startswith(b"{") else first + source.read(_MAX_LINE_BYTES)
    try:
        return read_checkpoint(text, verifiers)
    except Invalid as error:
        raise CliError(f"{file} does not contain a trusted checkpoint: {error.message}") from error


def _month(text: str) -> tuple[str, str]:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise CliError(f"'{text}' is not a valid month", "use the format 2026-10") from error
    next_month = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return f"{first}T00:00:00Z", f"{next_month}T00:00:00Z"


@contextmanager
def _open(file: Path) -> Iterator[io.BufferedIOBase]:
    """Open a file, decompressing it if it is compressed. Raises CliError."""
    import zstandard

    try:
        with file.open("rb") as raw:
            magic = raw.read(4)
            raw.seek(0)
            if magic.startswith(_GZIP):
                yield gzip.GzipFile(fileobj=raw)
            elif magic == _ZSTD:
                yield io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))
            else:
                yield raw
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror or 'it is corrupt'}") from error
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        raise CliError(f"Cannot read {file}: it is truncated or corrupt") from error


@contextmanager
def _compressed_writer(raw: BinaryIO, suffix: str) -> Iterator[Callable[[bytes], object]]:
    """Return a function that writes to a file, compressed according to the suffix of its name."""
    import zstandard

    if suffix == ".gz":
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="") as compressed:
            yield compressed.write
    elif suffix == ".zst":
        with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as compressed:
            yield compressed.write
    else:
        yield raw.write


def _lines(source: io.BufferedIOBase) -> Iterator[bytes]:
    """Yield lines with their ends; a longer line is split, and is therefore not valid in an export."""
    while line := source.readline(_MAX_LINE_BYTES):
        yield line
