"""Customer accounts and the seller."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.rest.schemas.common import RequestBody
from stratiform.interfaces.rest.schemas.invoices import UnassignedUsage
from stratiform.interfaces.rest.schemas.price_changes import CostDifference, PriceChange, Reason, Retroactive

AccountReference = Annotated[str, Meta(description="Name or ID of the account.")]
Country = Annotated[str, Meta(description="Two letters (ISO 3166).")]
TaxRate = Annotated[str, Meta(description="Percentage, such as `19` or `7.7`.")]


class SellerUpdate(RequestBody):
    """The seller on all future invoices."""

    legal_name: str = ""
    address: Annotated[list[str], Meta(description="Lines of the address.")] = []
    country: Country = ""
    tax_id: str = ""


class AccountCreate(RequestBody, kw_only=True):
    name: str
    currency: Annotated[str, Meta(description="The currency of the plan (ISO 4217).")]
    plan: Annotated[str, Meta(description="Name of the price plan.")]
    tax_rate: TaxRate = "0"
    legal_name: str = ""
    address: Annotated[list[str], Meta(description="Lines of the address.")] = []
    country: Country = ""
    tax_id: str = ""


class AccountUpdate(RequestBody, kw_only=True):
    """The fields to change."""

    name: str | UnsetType = UNSET
    tax_rate: TaxRate | UnsetType = UNSET
    legal_name: str | UnsetType = UNSET
    address: Annotated[list[str] | UnsetType, Meta(description="Lines of the address.")] = UNSET
    country: Country | UnsetType = UNSET
    tax_id: str | UnsetType = UNSET


class AccountPlanPreviewRequest(RequestBody):
    plan: Annotated[str, Meta(description="Name of the price plan.")]


class AccountPlanUpdate(RequestBody):
    """The price plan from the start of the open period on."""

    plan: Annotated[str, Meta(description="Name of the price plan.")]
    retroactive: Retroactive = False
    reason: Reason = ""


ProjectReference = Annotated[str, Meta(description="Name or ID of the project.")]


class AssignmentCreate(RequestBody):
    project: ProjectReference
    start: Annotated[
        str | None,
        Meta(
            description="A timestamp, or `now`. Default: now, unless the project has usage before that no customer "
            "account pays for."
        ),
    ] = None


class AssignmentEndQuery(Struct):
    until: Annotated[str | None, Meta(description="A timestamp, or `now`. Default: now.")] = None


class Seller(Struct):
    legal_name: str
    address: list[str]
    country: str
    tax_id: str


class Account(Struct):
    """A customer account. Its open period starts at `billed_until`, which is null until a project is assigned."""

    id: str
    name: str
    currency: str
    plan: str
    tax_rate: TaxRate
    legal_name: str
    address: list[str]
    country: str
    tax_id: str
    billed_until: str | None
    created_at: str


class AccountPlanPreview(Struct):
    """What another price plan would change for past usage in the open period."""

    account: str
    plan: str
    previous_plan: str
    differences: list[CostDifference]


class UpdatedAccount(Account):
    """A customer account with another price plan, and the record of what this changed retroactively."""

    previous_plan: str
    change: PriceChange | None


class AccountPage(Struct):
    accounts: list[Account]
    next: str | None


class Assignment(Struct):
    """A project that the account pays for, from `start` (inclusive) to `until` (exclusive).

    `project_name` is empty if it is not known.
    """

    project_id: str
    project_name: str
    start: str
    until: str | None


class CreatedAssignment(Assignment):
    """A new assignment. `unassigned`: usage of the project before it that no customer account pays for."""

    unassigned: UnassignedUsage | None


class AccountDetail(Account):
    projects: list[Assignment]
