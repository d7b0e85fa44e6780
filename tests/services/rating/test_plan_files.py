"""Price plans in TOML: what is accepted, and the error messages for what is not."""

import re
from pathlib import Path

import pytest

from stratiform.kit.clock import HOUR_US, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.services.rating.model import Measure, Price, PriceCondition, TaxCategory, Unit
from stratiform.services.rating.plan_version_documents import decode_version
from support.money import PLAN
from support.rating import CATALOG, parse, plan, plan_source, version_source

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
REFERENCE = ROOT / "docs" / "reference" / "prices.md"

RAM_OF_FLAVOR_A = 'attribute = "ram_mib"\nwhere = { flavor = "a" }'
SIZE_OF_TYPES_A_AND_B = 'attribute = "size_gib"\nwhere = { volume_type = ["a", "b"] }'

VCPU = 'meter = "vcpu"\nprice = "0.01"\nper = "hour"'
GOOD = plan_source(VCPU)


def first_price(text: str) -> Price:
    return plan(text).versions[0].prices[0]


def changed(text: str, **changes: str) -> str:
    """Replace keys of a price; an empty value removes the key."""
    values = dict(line.split(" = ", 1) for line in text.splitlines()) | changes
    return "\n".join(f"{key} = {value}" for key, value in values.items() if value)


def resource(name: str, measure: str, per: str = "hour", more: str = "") -> str:
    return f'resource = "{name}"\nmeasure = "{measure}"\nprice = "0.01"\nper = "{per}"\n{more}'


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_the_examples_are_valid_plans(file: Path) -> None:
    assert parse(file.read_text(), file.name).currency == "EUR"


def test_a_plan_refuses_unpriced_usage_unless_it_is_declared_free() -> None:
    assert (parse(GOOD).unpriced, parse(GOOD).free) == ("refuse", ())
    declared = parse('free = ["router", "network"]\n' + GOOD)
    assert declared.free == ("network", "router")


@pytest.mark.parametrize(("price", "amount"), [('"0.01"', 10**8), ("0.01", 10**8), ("3", 3 * 10**10), ("0", 0)])
def test_a_price_is_a_decimal_text_or_number(price: str, amount: int) -> None:
    assert first_price(changed(VCPU, price=price)).amount == amount


@pytest.mark.parametrize("moment", ["2026-02-01", "2026-02-01T00:00:00", "2026-02-01T01:00:00+01:00", '"2026-02-01"'])
def test_validity_starts_at_a_date_or_a_time_in_utc(moment: str) -> None:
    assert plan(VCPU, valid_from=moment).versions[0].valid_from == parse_iso("2026-02-01")


def test_a_duration_is_priced_per_resource_and_period() -> None:
    price = first_price(resource("floating_ip", "duration", "month", 'states = ["active"]'))
    assert price.measure == Measure("floating_ip", "duration")
    assert str(price.unit) == "address-month"
    assert price.divisor == 730 * HOUR_US
    assert price.states == ("active",)


def test_an_attribute_is_priced_in_its_unit_or_a_larger_one() -> None:
    gib = first_price(resource("snapshot", "attribute", "hour", 'attribute = "size_gib"'))
    assert (str(gib.unit), gib.divisor) == ("GiB-hour", HOUR_US)
    tib = first_price(resource("snapshot", "attribute", "TiB hour", 'attribute = "size_gib"'))
    assert (str(tib.unit), tib.divisor) == ("TiB-hour", 1024 * HOUR_US)
    image = first_price(resource("image", "attribute", "GB hour", 'attribute = "size_bytes"'))
    assert (str(image.unit), image.divisor) == ("GB-hour", 10**9 * HOUR_US)


def test_samples_of_a_counter_are_priced_per_unit_and_of_a_gauge_per_unit_and_period() -> None:
    traffic = first_price(resource("instance", "samples", "GiB", 'meter = "network.outgoing.bytes"'))
    assert (str(traffic.unit), traffic.divisor) == ("GiB", 2**30)
    requests = first_price(resource("object_store", "samples", "1000 requests", 'meter = "storage.api.request"'))
    assert (str(requests.unit), requests.divisor) == ("1000 requests", 1000)
    stored = first_price(resource("object_store", "samples", "GB month", 'meter = "storage.objects.size"'))
    assert (str(stored.unit), stored.divisor) == ("GB-month", 10**9 * 730 * HOUR_US)
    cpu = first_price(resource("instance", "samples", "hour", 'meter = "cpu"'))
    assert (str(cpu.unit), cpu.divisor) == ("hour", 3600 * 10**9)


def test_conditions_may_compare_every_attribute() -> None:
    where = 'where = { external = true, cloud = "dc" }'
    assert first_price(resource("network", "duration", more=where)).conditions == (
        PriceCondition("cloud", ("dc",)),
        PriceCondition("external", ("true",)),
    )
    where = 'where = { size_gib = [10, 20], volume_type = "fast" }'
    assert first_price(resource("volume", "duration", more=where)).conditions == (
        PriceCondition("size_gib", ("10", "20")),
        PriceCondition("volume_type", ("fast",)),
    )
    detached = first_price(resource("floating_ip", "duration", more='where = { port_id = "" }'))
    assert detached.conditions == (PriceCondition("port_id", ("",)),)


@pytest.mark.parametrize(
    ("shorthand", "full"),
    [
        (("vcpu", "hour", ""), ("instance", "attribute", "hour", 'attribute = "vcpus"')),
        (("ram", "minute", 'flavor = "a"'), ("instance", "attribute", "GiB minute", RAM_OF_FLAVOR_A)),
        (("instance", "hour", ""), ("instance", "duration", "hour", "")),
        (("volume", "second", 'volume_type = ["a", "b"]'), ("volume", "attribute", "second", SIZE_OF_TYPES_A_AND_B)),
    ],
)
def test_a_shorthand_is_the_same_price(shorthand: tuple[str, str, str], full: tuple[str, str, str, str]) -> None:
    meter, per, more = shorthand
    short = plan(f'meter = "{meter}"\nprice = "0.01"\nper = "{per}"\n{more}').versions[0]
    assert short == plan(resource(*full)).versions[0]
    assert short.sha256 == plan(resource(*full)).versions[0].sha256


@pytest.mark.parametrize(
    "source", [PLAN, *(file.read_text() for file in EXAMPLES)], ids=["test", *(file.name for file in EXAMPLES)]
)
def test_a_version_is_restored_from_its_document(source: str) -> None:
    for version in parse(source).versions:
        assert decode_version(version.document) == version


@pytest.mark.parametrize(
    ("value", "category"),
    [
        ('{ code = "S", rate = "7.70" }', TaxCategory("S", "7.7")),
        ('{ code = "S", rate = 7 }', TaxCategory("S", "7")),
        ('{ code = "L", rate = "0" }', TaxCategory("L", "0")),
        ('{ code = "AE" }', TaxCategory("AE", "0")),
        ('{ code = "E", rate = "0" }', TaxCategory("E", "0")),
    ],
)
@pytest.mark.parametrize("price", [VCPU, resource("floating_ip", "duration")], ids=["shorthand", "full"])
def test_a_price_may_have_a_tax_category(price: str, value: str, category: TaxCategory) -> None:
    version = plan(changed(price, tax_category=value)).versions[0]
    assert version.prices[0].tax_category == category
    assert decode_version(version.document) == version
    without = plan(price).versions[0]
    assert without.prices[0].tax_category is None
    assert "tax_category" not in without.document["prices"][0]
    assert without.sha256 != version.sha256


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"S"', "tax_category: must be a table such as"),
        ('{ code = "X", rate = "7" }', "tax_category: code: 'X' is not one of S, L, M, Z, E, AE, K, G, O"),
        ('{ rate = "7" }', "tax_category: 'code' is missing"),
        ('{ code = "S" }', "tax_category: 'rate' is missing"),
        ('{ code = "S", rate = "0" }', "tax_category: rate: '0' is not a valid rate for category S"),
        ('{ code = "AE", rate = "7" }', "tax_category: rate: '7' is not a valid rate for category AE"),
        ('{ code = "S", rate = "x" }', "tax_category: tax rate: 'x' is not a percentage from 0 to 100"),
        ('{ code = "S", rate = "7", name = "" }', "tax_category: unknown key 'name'"),
    ],
)
def test_an_invalid_tax_category_is_refused(value: str, message: str) -> None:
    with pytest.raises(Invalid, match=re.escape(f"price 1 of version 1: {message}")):
        plan(changed(VCPU, tax_category=value))


def test_digests_of_plans_of_the_first_release_do_not_change() -> None:
    """Invoices quote them, and a file that is published again must be recognized."""
    (version,) = parse(PLAN).versions
    assert version.sha256 == "d9d49f2a7c465fbe43ed71e83a6ba7060b46991310056fe8b97bf9502651fd76"
    assert version.document["prices"][2] == {
        "meter": "volume",
        "amount": 2 * 10**6,
        "per": "hour",
        "granularity": 1,
        "rounding": "none",
        "states": [],
        "when": [["volume_type", ["fast"]]],
        "label": "",
    }


def until(valid_until: str, valid_from: str = "2026-01-01") -> str:
    return version_source(VCPU, valid_from=f"{valid_from}\nvalid_until = {valid_until}")


HEAD = 'name = "p"\ncurrency = "EUR"\n'
SNAPSHOT = resource("snapshot", "attribute", "hour", 'attribute = "size_gib"')
TRAFFIC = resource("instance", "samples", "GiB", 'meter = "network.outgoing.bytes"')


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("name = ", "not valid TOML"),
        (GOOD.replace('name = "p"\n', ""), "'name' is missing"),
        (GOOD.replace('"p"', '"a b"'), "name: must consist of 1 to 64 letters"),
        (GOOD.replace("EUR", "EURO"), "currency: 'EURO' is not a currency code"),
        ("unprized = 1\n" + GOOD, "unknown key 'unprized'"),
        ('unpriced = "maybe"\n' + GOOD, "unpriced: 'maybe' is not one of refuse, free"),
        ('free = ["rooter"]\n' + GOOD, "free: unknown resource type 'rooter'"),
        ('free = ["instance"]\n' + GOOD, "free: 'instance' has prices in every version"),
        (HEAD, "[[version]] is missing"),
        (HEAD + "[[version]]\nvalid_from = 2026-01-01\n", "version 1: [[version.price]] is missing"),
        (HEAD + f"[[version]]\n[[version.price]]\n{VCPU}", "version 1: 'valid_from' is missing"),
        (plan_source(VCPU, valid_from='"soon"'), "version 1: valid_from: 'soon' is not a date"),
        (plan_source(VCPU, valid_from="1"), "version 1: valid_from: must be a date"),
        (HEAD + until("2025-01-01"), "version 1: valid_until: is not after valid_from"),
        (GOOD + version_source(VCPU), "two versions start at 2026-01-01"),
        (HEAD + until("2026-03-01") + until("2026-04-01", "2026-02-01"), "overlaps the version of 2026-02-01"),
    ],
)
def test_a_mistake_in_a_plan_is_reported_in_one_line(source: str, message: str) -> None:
    with pytest.raises(Invalid, match=re.escape(message)) as error:
        parse(source)
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("price", "message"),
    [
        (changed(VCPU, staets='["active"]'), "unknown key 'staets'"),
        (changed(VCPU, states='["actve"]'), "states: instance has no state 'actve'"),
        (changed(VCPU, meter='"cpus"'), "meter: unknown shorthand 'cpus'"),
        (changed(VCPU, meter=""), "'resource' is missing"),
        (changed(VCPU, measure='"duration"'), "measure: needs 'resource'"),
        (changed(VCPU, per='"week"'), "per: 'week' is not one of second, minute, hour, day, month"),
        (changed(VCPU, price='"-0.01"'), "price: -0.01 is negative"),
        (changed(VCPU, price='"1,5"'), "price: '1,5' is not a decimal number"),
        (changed(VCPU, price='"٣"'), "price: '٣' is not a decimal number"),
        (changed(VCPU, price='"1_000"'), "price: '1_000' is not a decimal number"),
        (changed(VCPU, price='" 5"'), "price: ' 5' is not a decimal number"),
        (changed(VCPU, price='"+5"'), "price: '+5' is not a decimal number"),
        (changed(VCPU, price='"1e-2"'), "price: '1e-2' is not a decimal number"),
        (changed(VCPU, price='"-0"'), "price: -0 is negative"),
        (changed(VCPU, price="nan"), "price: 'NaN' is not a decimal number"),
        (changed(VCPU, price='"inf"'), "price: 'inf' is not a decimal number"),
        (changed(VCPU, price="true"), "price: must be a decimal number"),
        (changed(VCPU, price='"0.00000000001"'), "price: 0.00000000001 has more than 10 decimal places"),
        (changed(VCPU, price='"100000000"'), "price: 100000000 is not less than 100000000"),
        (changed(VCPU, round='"up"'), "round: needs 'granularity'"),
        (changed(VCPU, granularity='"hour"', round='"off"'), "round: 'off' is not one of"),
        (changed(VCPU, label="7"), "label: must be a string of at most 80 characters"),
        (changed(VCPU, volume_type='"fast"'), "volume_type: instance has no attribute 'volume_type'"),
        (changed(VCPU, flavor="[]"), "flavor: must be a value of type text or a list"),
        (changed(VCPU, where='"fast"'), "where: must be a table"),
        (changed(VCPU, flavor='"a"', where='{ flavor = "b" }'), "where.flavor: 'flavor' is also a key of the price"),
        (changed(VCPU, where="{ vcpus = true }"), "where.vcpus: must be a value of type integer"),
        (changed(SNAPSHOT, resource='"snapshots"'), "resource: unknown resource type 'snapshots'"),
        (changed(SNAPSHOT, measure='"size"'), "measure: 'size' is not one of duration, attribute, samples"),
        (changed(SNAPSHOT, attribute=""), "'attribute' is missing"),
        (changed(SNAPSHOT, attribute='"size"'), "attribute: snapshot has no attribute 'size'"),
        (
            changed(SNAPSHOT, attribute='"volume_id"'),
            "attribute: 'volume_id' of snapshot is not a number",
        ),
        (changed(SNAPSHOT, measure='"duration"'), 'attribute: needs measure = "attribute"'),
        (changed(SNAPSHOT, meter='"cpu"'), 'meter: needs measure = "samples"'),
        (changed(SNAPSHOT, per='"GiB"'), "per: 'GiB' does not end with a period (second, minute"),
        (changed(SNAPSHOT, per='"Gib hour"'), "per: unknown unit 'Gib' for a measure in GiB; use"),
        (changed(SNAPSHOT, per='"MiB hour"'), "per: 1 MiB is not a whole number of GiB"),
        (changed(SNAPSHOT, where="{ sise_gib = 1 }"), "where.sise_gib: snapshot has no attribute 'sise_gib'"),
        (changed(TRAFFIC, meter='"network.outgoing"'), "meter: instance has no meter 'network.outgoing'"),
        (changed(TRAFFIC, per='"GiB hour"'), "per: 'GiB hour' has a period, but the meter is a counter"),
        (changed(TRAFFIC, per='"1000"'), "per: '1000' has no unit; use B, kB"),
        (changed(TRAFFIC, granularity='"hour"'), "granularity: applies to durations, not to samples"),
        (changed(TRAFFIC, states='["active"]'), "states: applies to durations, not to samples"),
        (resource("object_store", "duration"), "measure: object_store has samples only"),
    ],
)
def test_a_mistake_in_a_price_is_reported_with_file_place_and_key(price: str, message: str) -> None:
    with pytest.raises(Invalid) as error:
        parse(plan_source(price), "prices.toml")
    assert error.value.message.startswith(f"prices.toml: price 1 of version 1: {message}")
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("price", "hint"),
    [
        (changed(SNAPSHOT, resource='"snapshots"'), "did you mean snapshot?"),
        (changed(SNAPSHOT, attribute='"sise_gib"'), "did you mean size_gib?"),
        (changed(TRAFFIC, meter='"network.outgoing.byte"'), "did you mean network.outgoing.bytes"),
        (changed(VCPU, states='["actve"]'), "did you mean active?"),
        (changed(VCPU, where='{ flavour = "a" }'), "did you mean flavor"),
        (changed(VCPU, staets='["active"]'), "did you mean states?"),
        (resource("router", "attribute", "hour", 'attribute = "size"'), "known: none"),
    ],
)
def test_a_mistake_has_a_hint_with_near_matches(price: str, hint: str) -> None:
    with pytest.raises(Invalid) as error:
        plan(price)
    assert error.value.hint.startswith(hint)


@pytest.mark.parametrize("later", [VCPU, f'{VCPU}\ncloud = "a"', f'{VCPU}\nstates = ["active"]'])
def test_a_price_that_never_applies_is_refused(later: str) -> None:
    with pytest.raises(Invalid, match="version 1: price 2 never applies: price 1 applies first"):
        plan(VCPU, later)


def test_an_earlier_price_may_be_narrower() -> None:
    assert len(plan(f'{VCPU}\nflavor = "a"', VCPU).versions[0].prices) == 2
    assert len(plan(f'{VCPU}\nstates = ["active"]', VCPU).versions[0].prices) == 2


def test_units_of_a_price_are_written_in_full() -> None:
    assert Unit("GiB", "MiB", 1024, "hour").divisor == 1024 * HOUR_US
    assert str(Unit("GiB", "B", 2**30)) == "GiB"


def test_the_example_plan_decides_for_every_metered_type() -> None:
    example = parse(next(file for file in EXAMPLES if file.name == "prices.toml").read_text())
    metered = {each.name for each in CATALOG if each.states or each.meters}
    assert {name for name in metered if not example.versions[0].prices_resource_type(name)} == set(example.free)


_ROW = re.compile(r"\| `(\w+)` \| (duration|attribute|samples) \| ([^|]*)\| ([^|]*)\| `([^|`]+)` \|")


def documented_prices() -> list[str]:
    """Return the examples of the reference page as prices."""
    prices = []
    for resource_type, measure, source, where, per in _ROW.findall(REFERENCE.read_text()):
        key = {"attribute": "attribute", "samples": "meter"}.get(measure)
        lines = [f'{key} = "{source.split("`")[1]}"'] if key else []
        condition = where.strip(" `")
        if condition:
            lines.append(condition if condition.startswith("states") else f"where = {{ {condition} }}")
        prices.append(resource(resource_type, measure, per, "\n".join(lines)))
    return prices


def test_the_reference_page_has_a_valid_example_for_every_metered_type() -> None:
    prices = documented_prices()
    covered = {plan(price).versions[0].prices[0].measure.resource_type for price in prices}
    assert covered == {each.name for each in CATALOG if each.states or each.meters}
    assert len(prices) > len(covered)
