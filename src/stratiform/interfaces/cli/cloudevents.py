"""`stratiform usage insert`: ingests CloudEvents."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.late_usage import print_late_usage
from stratiform.interfaces.cli.output import format_counts
from stratiform.interfaces.cli.session import get_client
from stratiform.interfaces.cli.text import print_line
from stratiform.kit.json_errors import NOT_JSON

#: The maximum number of events per request, which is one transaction.
_EVENTS_PER_REQUEST = 1000

#: The maximum size of a request; the server accepts 16 MiB.
_BYTES_PER_REQUEST = 8 << 20

_BATCH_TYPE = "application/cloudevents-batch+json"


def ingest_file(
    file: Annotated[Path, typer.Argument(help="CloudEvents: one, an array, or one per line; - for standard input.")],
    cloud: Annotated[str, typer.Option(help="Cloud of events that do not specify one.")] = "openstack",
) -> None:
    """Ingest CloudEvents. Duplicates have no effect. Exit status 1: events were rejected."""
    counts = dict.fromkeys(("ingested", "duplicates", "ignored", "rejected"), 0)
    offset = 0
    results: list[dict[str, Any]] = []
    for batch in _batches(_events(file)):
        result = get_client().post_bytes("usage/events", b"[" + b",".join(batch) + b"]", _BATCH_TYPE, cloud=cloud)
        results.append(result)
        for name in counts:
            counts[name] += result[name]
        for event in result["events"]:
            if event["reason"]:
                print_line(f"event {offset + event['index'] + 1}: {event['outcome']}: {event['reason']}")
        offset += len(batch)
    print_line(format_counts(counts))
    print_late_usage(*results)
    if counts["rejected"]:
        raise typer.Exit(1)


def _batches(events: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for event in events:
        if batch and (len(batch) == _EVENTS_PER_REQUEST or size + len(event) > _BYTES_PER_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += len(event) + 1
    if batch:
        yield batch


def _events(file: Path) -> Iterator[bytes]:
    """Yield the bytes of each event unchanged, so that numbers keep all digits."""
    try:
        content = Path("/dev/stdin" if str(file) == "-" else file).read_bytes()
    except OSError as error:
        raise CliError(f"Cannot read {file}: {error.strerror}") from error
    try:
        yield from map(bytes, msgspec.json.decode(content, type=list[msgspec.Raw]))
    except NOT_JSON:
        yield from _split_events(file, content)


def _split_events(file: Path, content: bytes) -> Iterator[bytes]:
    """Yield a single event, or one per line."""
    if _is_json(content):
        yield content
        return
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            if not _is_json(line):
                raise CliError(
                    f"{file}, line {number}: not valid JSON", "use one event per line, or an array of events"
                )
            yield line


def _is_json(content: bytes) -> bool:
    try:
        msgspec.json.decode(content)
    except NOT_JSON:
        return False
    return True
