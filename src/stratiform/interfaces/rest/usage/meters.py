"""What is metered: `/api/v1/usage/meters`."""

from typing import Any

from stratiform.interfaces.services import Request, get, reading, services_of
from stratiform.services.ingest.events.meter_files import MeterFile


@get("/usage/meters")
def list_meters(request: Request) -> dict[str, Any]:
    """Every meter: its name is the type of resources in the ledger; the types of events it reads, the attributes that
    its messages tell, and its samples with how they are counted."""
    with reading(request) as ctx:
        return {"meters": [_view(meter) for meter in services_of(request).ingest.meters.list(ctx)]}


handlers: list[Any] = [list_meters]


def _view(meter: MeterFile) -> dict[str, Any]:
    return {
        "name": meter.name,
        "title": meter.title,
        "unit": meter.unit,
        "source": meter.source,
        "about": " ".join(meter.about.split()),
        "events": sorted({one for told in meter.events if told.rule != "ignore" for one in told.types}),
        "attributes": sorted({*meter.attributes, *(name for told in meter.events for name in told.attributes)}),
        "samples": [
            {"name": name, "kind": sample.kind, "unit": sample.unit, "title": sample.title, "hold_s": sample.hold}
            for name, sample in sorted(meter.samples.items())
        ],
    }
