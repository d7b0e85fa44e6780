"""Loading of meter files: those of the package, and those of the operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from stratiform.kit.errors import Invalid
from stratiform.services.ingest.parsing.meter_file_parser import parse_ignored_events, parse_meter_file, read_file
from stratiform.services.ingest.parsing.meter_files import IgnoredEvents, MeterFile

_IGNORED_EVENTS = "ignored_events.toml"


@dataclass(frozen=True, slots=True)
class MeterFiles:
    """Meter files, and the event types that change no usage."""

    meter_files: Sequence[MeterFile]
    ignored_events: Sequence[IgnoredEvents] = ()


def load_meter_files(folder: Path | None = None) -> MeterFiles:
    """Load the files of the package and of `folder`, which replace those with the same name.

    Raises: Invalid, with file and key.
    """
    package = _load_package()
    if folder is None:
        return package
    meter_files: dict[str, MeterFile] = {}
    ignored_events = [*package.ignored_events]
    for path in sorted(folder.glob("*.toml")):
        if path.name == _IGNORED_EVENTS:
            ignored_events += parse_ignored_events(read_file(path), str(path))
            continue
        meter_file = parse_meter_file(read_file(path), str(path))
        if meter_file.name in meter_files:
            raise Invalid(f"{path}: name: another file in this directory has the name '{meter_file.name}'")
        meter_files[meter_file.name] = meter_file
    return MeterFiles(
        [*({meter_file.name: meter_file for meter_file in package.meter_files} | meter_files).values()], ignored_events
    )


@cache
def _load_package() -> MeterFiles:
    folder = resources.files(__package__) / "meters"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    texts = {file.name: file.read_text() for file in files}
    ignored_events = parse_ignored_events(texts.pop(_IGNORED_EVENTS), _IGNORED_EVENTS)
    return MeterFiles([parse_meter_file(text, name) for name, text in texts.items()], ignored_events)
