"""`/api/v1/accounts`: customers and the projects they pay for. `/api/v1/seller`: who issues the invoices."""

import re
from typing import Any

import msgspec

from stratiform.interfaces.rest.naming import chosen
from stratiform.interfaces.services import Request, Services, decode, get, post, put, reading, services_of, writing
from stratiform.kit.clock import Micros, iso, parse_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page
from stratiform.services.billing.model import Account, Assignment, Party
from stratiform.services.identity.model import ListQuery

Body = dict[str, Any]

#: The id of a project that only another cloud's notifications know.
_FOREIGN = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Issuer(msgspec.Struct, forbid_unknown_fields=True):
    legal_name: str = ""
    address: list[str] = []
    country: str = ""
    tax_id: str = ""

    def party(self) -> Party:
        return Party(self.legal_name, tuple(self.address), self.country, self.tax_id)


class NewAccount(Issuer, forbid_unknown_fields=True, kw_only=True):
    name: str
    currency: str
    plan: str
    tax_rate: str = "0"


class NewAssignment(msgspec.Struct, forbid_unknown_fields=True):
    project: str
    start: str | None = None


@post("/accounts", takes=NewAccount)
def create_account(request: Request, body: bytes) -> Body:
    """A customer who pays by a plan, in its currency. `tax_rate` is a percentage, as text."""
    new = decode(body, NewAccount)
    with writing(request) as ctx:
        billing = services_of(request).billing
        account = billing.create_account(ctx, new.name, new.currency, new.plan, new.party(), new.tax_rate)
    return _account(account)


@get("/accounts")
def list_accounts(request: Request, limit: str | None = None, marker: str | None = None) -> Body:
    """Accounts by name; `marker` is a name."""
    with reading(request) as ctx:
        page = services_of(request).billing.accounts(ctx, Page.parse(limit, marker))
    following = page.items[-1].name if page.more and page.items else None
    return {"accounts": [_account(account) for account in page.items], "next": following}


@get("/accounts/{name:str}")
def show_account(request: Request, name: str) -> Body:
    """One account, by name or id, with what it pays and paid for."""
    billing = services_of(request).billing
    with reading(request) as ctx:
        account, assigned = billing.account(ctx, name), billing.assignments(ctx, name)
    return {**_account(account), "projects": [_assignment(one) for one in assigned]}


@post("/accounts/{name:str}/projects", takes=NewAssignment)
def assign(request: Request, name: str, body: bytes) -> Body:
    """From `start` (now, unless told) on, this account pays for the project."""
    new = decode(body, NewAssignment)
    services = services_of(request)
    with writing(request) as ctx:
        start = None if new.start is None else moment(new.start, "start")
        return _assignment(services.billing.assign(ctx, name, project_id(services, ctx, new.project), start))


@get("/seller")
def show_seller(request: Request) -> Body:
    """Who issues the invoices."""
    with reading(request) as ctx:
        return _party(services_of(request).billing.seller(ctx))


@put("/seller", takes=Issuer)
def set_seller(request: Request, body: bytes) -> Body:
    """Who issues the invoices from now on; what is issued stays as it is."""
    new = decode(body, Issuer)
    with writing(request) as ctx:
        return _party(services_of(request).billing.set_seller(ctx, new.party()))


handlers: list[Any] = [create_account, list_accounts, show_account, assign, show_seller, set_seller]


def project_id(services: Services, ctx: RequestContext, given: str) -> str:
    """A project by name or id. Others than the operator learn nothing of names; a foreign id goes as it is."""
    if not ctx.caller.is_admin:
        return given
    projects = services.identity.projects
    found = [
        *projects.list(ctx, ListQuery(filters={"id": given})).items,
        *projects.list(ctx, ListQuery(filters={"name": given})).items,
    ]
    if not found and _FOREIGN.fullmatch(given):
        return given
    return chosen("project", given, ((project.id, project.name, project.id) for project in found))


def moment(text: str, name: str) -> Micros:
    """Microseconds of an ISO 8601 text. Raises Invalid."""
    try:
        return parse_iso(text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{name} is no time: '{text}'", hint="ISO 8601, such as 2026-11-20T00:00:00Z") from error


def _account(account: Account) -> Body:
    return {
        "id": account.id,
        "name": account.name,
        "currency": account.currency,
        "plan": account.plan,
        "tax_rate": account.tax_rate,
        **_party(account.party),
        "billed_until": None if account.billed_until is None else iso(account.billed_until),
        "created_at": iso(account.created_at),
    }


def _party(party: Party) -> Body:
    return {
        "legal_name": party.legal_name,
        "address": list(party.address),
        "country": party.country,
        "tax_id": party.tax_id,
    }


def _assignment(assignment: Assignment) -> Body:
    return {
        "project_id": assignment.project_id,
        "start": iso(assignment.start),
        "until": None if assignment.until is None else iso(assignment.until),
    }
