"""`/usage/meters`: the meter files."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import meters as schemas
from stratiform.services.ingest import policy
from stratiform.services.ingest.parsing.meter_files import MeterFile


@api.get("/usage/meters", policy.METERS_LIST)
def list_meters(request: ApiRequest) -> schemas.Meters:
    """List meters, with the event types they read, the attributes of their resources, and their samples."""
    return schemas.Meters([_meter(meter) for meter in request.services.ingest.meters.list(request.ctx)])


def _meter(meter: MeterFile) -> schemas.Meter:
    event_types = {event_type for rule in meter.events if rule.rule != "ignore" for event_type in rule.types}
    attributes = {*meter.attributes, *(name for rule in meter.events for name in rule.attributes)}
    return schemas.Meter(
        name=meter.name,
        title=meter.title,
        unit=meter.unit,
        source=meter.source,
        about=" ".join(meter.description.split()),
        events=sorted(event_types),
        attributes=sorted(attributes),
        samples=[
            schemas.SampleDefinition(name, sample.kind, sample.unit, sample.title, sample.hold)
            for name, sample in sorted(meter.samples.items())
        ],
    )
