"""Corrections of the ledger. `docs/reference/usage-api.md` describes the fields."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, field

from stratiform.interfaces.rest.schemas.common import PageQuery, RequestBody
from stratiform.interfaces.rest.schemas.late_usage import CausedLateUsage
from stratiform.interfaces.rest.schemas.usage import Segment

Timestamp = Annotated[str | None, Meta(description="ISO 8601.")]


class CorrectionCreate(RequestBody):
    """A correction of the usage of a resource or, with `meter`, `quantity` and `at`, of the sum of a meter.

    `start`, `end`: the start and end of its usage; `reopened`: its usage has not ended. From `since` to `until` it was
    used by `project_id`, in `state`, with `attributes` (null removes one), or was `absent`: not in use. `revokes`: the
    ID of a correction to revoke. `quantity` is added to the sum of the meter at an instant.
    """

    resource_type: str
    resource_id: str
    reason: str
    cloud: Annotated[str, Meta(description="Required if the resource is in several clouds, or in none yet.")] = ""
    id: Annotated[str, Meta(description="A correction with the same ID is a duplicate.")] = ""
    start: Timestamp = None
    end: Timestamp = None
    reopened: bool = False
    since: Timestamp = None
    until: Timestamp = None
    project_id: str | None = None
    state: str | None = None
    attributes: dict[str, object] = {}
    absent: bool = False
    revokes: str | None = None
    meter: str | None = None
    quantity: str | int | None = None
    at: Timestamp = None


class CorrectionListQuery(PageQuery):
    resource_type: str | None = None
    resource_id: str | None = None
    cloud: str | None = None


class AdjustedSum(Struct):
    """The sum of a meter before and after an adjustment."""

    meter: str
    unit: str
    before: str
    after: str


class CorrectionResult(Struct):
    """The segments of the resource before and after a correction.

    `new` is false for a duplicate; `created`: the resource was not in the ledger before.
    """

    id: str
    is_new: bool = field(name="new")
    is_created: bool = field(name="created")
    before: list[Segment]
    after: list[Segment]
    adjusted_sum: AdjustedSum | None = field(name="counted")
    late_usage: CausedLateUsage = UNSET


class Correction(Struct):
    """A correction: `content` has its fields, `seen` what an audit observed.

    `project_names`: the names, at its time, of the projects in them, by ID.
    """

    id: str
    cloud: str
    resource_type: str
    resource_id: str
    author: str
    reason: str
    created_at: str = field(name="made_at")
    at: str
    fields: dict[str, object] = field(name="content")
    observed: dict[str, object] | None = field(name="seen")
    project_names: dict[str, str]
    revoked_by: str | None


class CorrectionPage(Struct):
    corrections: list[Correction]
    next: str | None
