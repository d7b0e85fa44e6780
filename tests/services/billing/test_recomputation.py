"""A document can be computed again from the position of the ledger to which it refers, with the same bytes."""

from dataclasses import replace
from pathlib import Path

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.billing.document_json import decode_document, encode_document
from stratiform.services.billing.model import CustomerAccount, CustomerAccountChanges, Party
from stratiform.services.billing.renderer import render_pdf
from stratiform.services.billing.service.invoice_drafts import build_invoice
from stratiform.services.ledger.model import Correction, Resource
from support.billing import BillingHarness
from support.money import disk, machine

TYPE = "1150aef3-f058-4657-9102-c1e99869f90f"
PLAN = (Path(__file__).parents[3] / "examples" / "prices.toml").read_text().replace('"standard"', '"example"')


def build_version(valid_from: str) -> str:
    """Return another version of the plan, with the same prices."""
    return PLAN[PLAN.index("\n[[version]]\n") :].replace("2025-01-01", valid_from)


def type_named(at: str, name: str) -> Event:
    payload = {"volume_types": {"id": TYPE, "name": name}}
    return Event(f"type-{at}", "volume_type.update", "volumeType.test", parse_iso(at), "dc-1", payload)


def project_named(at: str, name: str) -> Event:
    payload = {"resource_type": "project", "resource_id": "p2", "name": name}
    return Event(f"project-{at}", "usage.changed", "test", parse_iso(at), "dc-1", payload)


def volume(volume_id: str, at: str, **changes: object) -> Event:
    values = {"volume_type": TYPE, "volume_type_name": None, **changes}
    return disk(volume_id, "p2", "2026-11-10", at=at, **values)


def recompute(billing: BillingHarness, account: CustomerAccount, content: bytes) -> bytes:
    """Return the JSON form of a document, computed again for the account as it was at the issue."""
    issued = decode_document(content)
    drafts = billing.stack.services.billing.period_previews.drafts
    with billing.stack.services.database.transaction() as db:
        draft = drafts.create(db, account, issued.start, issued.end, issued.as_of)
    return encode_document(build_invoice(draft, issued.number, issued.issued_at, issued.seller))


def change_everything(billing: BillingHarness) -> None:
    """Rename all that has a name, and add late usage, a correction, and a version of the plan."""
    billing.ingest(
        volume("v1", "2026-11-12", display_name="renamed", size=300),
        volume("v2", "2026-11-11"),
        machine("m1", "p2", "2026-11-10", at="2026-11-20", display_name="renamed", vcpus=8),
        type_named("2026-11-05", "slow"),
        project_named("2026-11-12", "renamed"),
    )
    services = billing.stack.services
    with services.database.transaction() as db:
        interval = (parse_iso("2026-11-15"), parse_iso("2026-11-16"))
        correction = Correction("", "not used", since=interval[0], until=interval[1], absent=True)
        services.ingest.corrections.create(billing.stack.ctx(db), Resource("dc-1", "volume", "v1"), correction)
    billing.publish(PLAN + build_version("2027-01-01"))
    billing.set_seller(Party("Another seller"))
    billing.run(lambda service, ctx: service.customer_accounts.update(ctx, "new", CustomerAccountChanges(name="old")))


def test_document_is_computed_again_with_the_same_bytes(any_billing: BillingHarness) -> None:
    billing = any_billing
    billing.publish(PLAN)
    account = billing.create_account("new", plan="example", party=Party("New Ltd"), tax_rate="19")
    billing.assign("new", "p2", "2026-11-01")
    server = machine("m1", "p2", "2026-11-10T01:02:03.456789")
    billing.ingest(
        type_named("2026-10-01", "fast"), project_named("2026-10-01", "shop"), volume("v1", "2026-11-10"), server
    )
    billing.at("2026-12-02")
    numbers = [
        billing.close("new", until=parse_iso("2026-11-16T12:00:00")).number,
        billing.close("new", "2026-11").number,
    ]
    documents = {number: (billing.get(number).content, billing.render_pdf(number)) for number in numbers}
    change_everything(billing)
    assert len(billing.late_usage("old")) == 2
    for number, (content, pdf) in documents.items():
        computed = recompute(billing, account, content)
        assert computed == content == billing.get(number).content
        assert render_pdf(decode_document(computed)) == pdf == billing.render_pdf(number)


def test_computation_at_the_current_position_differs(billing: BillingHarness) -> None:
    billing.publish(PLAN)
    account = billing.create_account("new", plan="example")
    billing.assign("new", "p2", "2026-11-01")
    billing.ingest(type_named("2026-10-01", "fast"), volume("v1", "2026-11-10"))
    issued = decode_document(billing.get(billing.at("2026-12-02").close("new", "2026-11").number).content)
    change_everything(billing)
    current = encode_document(replace(issued, as_of=billing.position))
    assert decode_document(recompute(billing, account, current)).lines != issued.lines


@pytest.mark.parametrize("month", ["2026-11", "2026-12"])
def test_document_refers_to_the_versions_until_the_end_of_its_period(billing: BillingHarness, month: str) -> None:
    billing.publish(PLAN + build_version("2026-12-01"))
    billing.create_account("new", plan="example")
    billing.assign("new", "p2", f"{month}-01")
    billing.ingest(type_named("2026-10-01", "fast"), volume("v1", "2026-11-10"))
    number = billing.at("2027-01-02").close("new", month).number
    versions = [version["valid_from"][:10] for version in billing.load_json(number)["plan"]["versions"]]
    assert versions == ["2025-01-01", "2026-12-01"][: 1 if month == "2026-11" else 2]
