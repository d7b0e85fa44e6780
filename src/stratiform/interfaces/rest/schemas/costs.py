"""Running costs."""

from typing import Annotated

from msgspec import Meta, Struct

ServerReference = Annotated[str, Meta(description="Name or ID of a server, or ID of another resource.")]


class MonthCostQuery(Struct):
    project: Annotated[str | None, Meta(description="Name or ID of the project; default: the token's project.")] = None
    month: Annotated[str | None, Meta(description="Such as `2026-11`; default: the current month.")] = None
