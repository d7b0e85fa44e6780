"""Segments, samples, sums and changes of usage."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.rest.schemas.common import Limit, Marker

ProjectId = Annotated[
    str | None,
    Meta(description="ID of the project; default: all projects for operators, the token's project for others."),
]
From = Annotated[str | None, Meta(description="Start of the period, ISO 8601.")]
To = Annotated[str | None, Meta(description="End of the period, ISO 8601.")]
AsOf = Annotated[
    str | None,
    Meta(description="Return what the ledger knew at this position or past timestamp."),
]
Position = Annotated[int, Meta(ge=0, lt=10**18)]
TableFormat = Annotated[
    Literal["json", "csv", "arrow", "parquet"] | None,
    Meta(description="Format of the response; default: from the Accept header."),
]


class UsageQuery(Struct, kw_only=True):
    """Filters of usage."""

    project_id: ProjectId = None
    resource_type: Annotated[str | None, Meta(description="`instance`, `volume`, …")] = None
    resource_id: Annotated[str | None, Meta(description="ID of the resource.")] = None
    cloud: Annotated[str | None, Meta(description="Name of the cloud.")] = None
    tag: Annotated[str | None, Meta(description="A tag of the resource, `key:value`.")] = None
    start: From = field(name="from", default=None)
    end: To = field(name="to", default=None)


class UsageAsOfQuery(UsageQuery):
    """Filters of usage as of a position of the ledger."""

    as_of: AsOf = None


class SegmentListQuery(UsageAsOfQuery):
    limit: Limit = None
    marker: Marker = None
    clip: Annotated[bool, Meta(description="Clip segments to the period, and add `duration_us`.")] = False
    format: TableFormat = None


class SampleListQuery(UsageAsOfQuery):
    meter: Annotated[str | None, Meta(description="Name of the meter.")] = None
    limit: Limit = None
    marker: Marker = None
    format: TableFormat = None


class SumListQuery(UsageAsOfQuery):
    group_by: Annotated[
        str | None,
        Meta(
            description="Comma-separated names: `project_id`, `resource_type`, `resource_id`, `cloud`, `state`,"
            " `attributes.NAME`, `tag:KEY`. By default one sum of everything."
        ),
    ] = None
    measure: Annotated[
        str | None,
        Meta(
            description="Comma-separated names: `duration` (seconds, the default), `attributes.NAME` (its value times"
            " seconds), `meter:NAME` (the sum of its samples)."
        ),
    ] = None
    bucket: Annotated[str | None, Meta(description="`hour`, `day` or `month` (UTC); requires `from`.")] = None
    format: TableFormat = None


class ChangeQuery(UsageQuery):
    since: Annotated[
        Position | None, Meta(description="Position of the ledger after which to start; default: the current position.")
    ] = None


class ChangeHeaders(Struct):
    last_event_id: Annotated[
        Position | None, Meta(description="Position at which an earlier stream ended; takes precedence over `since`.")
    ] = field(name="last-event-id", default=None)


class Segment(Struct):
    """A half-open interval of usage; `duration_us` is set if the segment is clipped to a period.

    `names`: the names, at the end of the interval, of the project and of the resources to which attributes refer
    (`project`, `volume_type`, `image`, `flavor`), as far as they are known.
    """

    resource_type: str
    resource_id: str
    name: str
    project_id: str
    cloud: str
    start: str
    end: str | None
    state: str
    attributes: dict[str, object]
    names: dict[str, str] | UnsetType = UNSET
    duration_us: int | UnsetType = UNSET


class SegmentPage(Struct):
    """A page of segments; `next` is the marker of the next page."""

    segments: list[Segment]
    next: str | None


class Sample(Struct):
    """A value of a meter of a resource.

    `source` identifies the counter, if a resource has several of the meter. `project_id` is null if the resource had
    no project.
    """

    resource_type: str
    resource_id: str
    cloud: str
    project_id: str | None
    meter: str
    kind: str
    unit: str
    source: str
    at: str
    value: str
    message_id: str


class SamplePage(Struct):
    """A page of samples; `next` is the marker of the next page."""

    samples: list[Sample]
    next: str | None


class Sum(Struct):
    """Exact sums of one group and bucket; a measure without values is missing."""

    group: dict[str, str | None]
    start: str
    end: str
    sums: dict[str, str]
    names: dict[str, str] | UnsetType = UNSET


class Sums(Struct):
    """`units`: unit of each measure. `unmeasured`: seconds of usage in which an attribute had no numeric value."""

    sums: list[Sum]
    units: dict[str, str]
    unmeasured: dict[str, str]


class Change(Struct):
    """A segment that was recorded or superseded at a position of the ledger."""

    position: int
    segment: Segment
