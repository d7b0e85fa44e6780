"""Running costs."""

from typing import Annotated

from msgspec import Meta, Struct

ServerReference = Annotated[str, Meta(description="Name or id of a server, or id of another resource.")]


class MonthCostQuery(Struct):
    project: Annotated[str | None, Meta(description="Name or id of the project; by default that of the token.")] = None
    month: Annotated[str | None, Meta(description="Such as `2026-11`; by default the current month.")] = None
