"""`stratiform usage insert` and `sums`: telling the ledger by CloudEvents, and asking it for totals."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stratiform.interfaces.cli.client import CliError, client, say
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list

#: So many events at most are one request, and one transaction.
_AT_ONCE = 1000

#: A request ends sooner where its events are large: the server takes 16 MiB.
_AT_ONCE_BYTES = 8 << 20

_BATCH = "application/cloudevents-batch+json"

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def insert_file(
    file: Annotated[Path, typer.Argument(help="CloudEvents: one, an array, or one a line; - for standard input.")],
    cloud: Annotated[str, typer.Option(help="Name of the cloud they speak of, where they don't say.")] = "openstack",
) -> None:
    """Take CloudEvents into the ledger. Taking them again changes nothing; ends with 1 where one was refused."""
    counts = dict.fromkeys(("accepted", "repeated", "ignored", "rejected"), 0)
    place = 0
    for some in _portions(_events(file)):
        done = client().send("usage/events", b"[" + b",".join(some) + b"]", _BATCH, cloud=cloud)
        for name in counts:
            counts[name] += done[name]
        for one in done["events"]:
            if one["reason"]:
                say(f"event {place + one['index'] + 1}: {one['outcome']}: {one['reason']}")
        place += len(some)
    say(
        f"{counts['accepted']} new, {counts['repeated']} known already, "
        f"{counts['ignored']} about nothing that is metered, {counts['rejected']} refused"
    )
    if counts["rejected"]:
        raise typer.Exit(1)


def sums(
    group_by: Annotated[str | None, typer.Option(help="Names, with commas: project_id, attributes.flavor, …")] = None,
    measure: Annotated[str, typer.Option(help="duration, attributes.NAME, meter:NAME, with commas.")] = "duration",
    bucket: Annotated[str | None, typer.Option(help="hour, day or month (UTC).")] = None,
    project: Annotated[str | None, typer.Option(help="Id of the project.")] = None,
    resource_type: Annotated[str | None, typer.Option(help="instance, volume, image, … (see meter list).")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name of the cloud.")] = None,
    tag: Annotated[str | None, typer.Option(help="A label of the resources, key:value.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="The beginning of the period (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Its end; unless told, now, or then with --as-of.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known then: a position of the ledger, or a time.")] = None,
    output: FormatOption = Format.table,
) -> None:
    """Sum what was used, by groups and buckets; exact numbers, in seconds and value × seconds."""
    asked = {
        "group_by": group_by,
        "measure": measure,
        "bucket": bucket,
        "project_id": project,
        "resource_type": resource_type,
        "cloud": cloud,
        "tag": tag,
        "from": since,
        "to": until,
        "as_of": as_of,
    }
    told = client().get("usage/sums", **asked)
    if output is Format.json:
        show_list(told["sums"], {}, output)
        return
    names = [name.strip() for name in (group_by or "").split(",") if name.strip()]
    measures = [name.strip() for name in measure.split(",") if name.strip()]
    columns = {name: name for name in names} | ({"Start": "start"} if bucket else {})
    columns |= {
        f"{name} ({told['units'][name]})" if name in told["units"] else name: f"sum {name}" for name in measures
    }
    rows = [
        {**one["group"], "start": one["start"], **{f"sum {name}": value for name, value in one["sums"].items()}}
        for one in told["sums"]
    ]
    show_list(rows, columns, output)
    for name, seconds in told["unmeasured"].items():
        say(f"{seconds} seconds of use have no {name.removeprefix('attributes.')}")


def _portions(events: Iterable[bytes]) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    size = 0
    for event in events:
        if some and (len(some) == _AT_ONCE or size + len(event) > _AT_ONCE_BYTES):
            yield some
            some, size = [], 0
        some.append(event)
        size += len(event) + 1
    if some:
        yield some


def _events(file: Path) -> Iterator[bytes]:
    """Each event as it is written: its numbers keep their digits."""
    try:
        text = Path("/dev/stdin" if str(file) == "-" else file).read_bytes()
    except OSError as error:
        raise CliError(f"can't read {file}: {error.strerror}") from error
    try:
        yield from map(bytes, msgspec.json.decode(text, type=list[msgspec.Raw]))
    except _NOT_JSON:
        yield from _single(file, text)


def _single(file: Path, text: bytes) -> Iterator[bytes]:
    """One event, or one a line."""
    if _is_json(text):
        yield text
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            if not _is_json(line):
                raise CliError(f"{file}, line {number}: not JSON", "one event a line, or an array of events")
            yield line


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except _NOT_JSON:
        return False
    return True
