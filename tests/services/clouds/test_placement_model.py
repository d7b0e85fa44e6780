"""The choice among clouds is a function of data: filters, weighers, and the placement of several servers."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from stratiform.kit.errors import Invalid
from stratiform.services.clouds.model import Binding
from stratiform.services.clouds.model.account_quotas import (
    EACH,
    UNLIMITED,
    AccountLimit,
    Amounts,
    QuotaResource,
    QuotaScope,
    QuotaState,
    select_limits,
)
from stratiform.services.clouds.model.credential_checks import CredentialStatus
from stratiform.services.clouds.model.placement import (
    Candidate,
    Filter,
    PlacementPolicy,
    PlacementRequest,
    Weigher,
    evaluate,
    merge_labels,
    parse_labels,
    select_bindings,
)

SMALL = Amounts(servers=1, vcpus=1, ram_mib=512, disk_gib=1)
REQUEST = PlacementRequest(SMALL)
OLDEST = PlacementPolicy("*")


def cloud(name: str, zone: str = "north") -> Candidate:
    return Candidate(Binding("p1", name, name, zone, "", 0))


def quota(limit: int, used: int, scope: QuotaScope = QuotaScope.ACCOUNT) -> QuotaState:
    return QuotaState(scope, "", {QuotaResource.VCPUS: limit}, Amounts(vcpus=used))


def prefer(*weighers: Weigher) -> PlacementPolicy:
    return PlacementPolicy("p1", weighers)


def rank(
    candidates: Sequence[Candidate], policy: PlacementPolicy = OLDEST, request: PlacementRequest = REQUEST
) -> list[str]:
    """Return the names of the accepted clouds, the best first."""
    evaluations = evaluate(request, policy, candidates)
    return [item.candidate.binding.cloud_name for item in evaluations if item.refusal is None]


def select_names(
    candidates: Sequence[Candidate], policy: PlacementPolicy, count: int, request: PlacementRequest = REQUEST
) -> str:
    return "".join(binding.cloud_name for binding in select_bindings(request, policy, candidates, count).bindings)


def test_without_weighers_the_oldest_binding_of_the_default_zone_is_chosen() -> None:
    candidates = [cloud("a"), cloud("b"), cloud("c", "south")]
    assert rank(candidates) == ["a", "b"]
    refused = evaluate(REQUEST, OLDEST, candidates)[-1].refusal
    assert refused is not None
    assert (refused.filter, refused.reason) == (
        Filter.ZONE,
        "serves availability zone 'south', not the default one, 'north'",
    )
    assert rank(candidates, request=PlacementRequest(SMALL, zone="south")) == ["c"]
    assert rank(candidates, prefer(Weigher.SPREAD)) == ["a", "b", "c"], "a policy chooses among all zones"


@pytest.mark.parametrize(
    ("changes", "request_changes", "filter_", "reason"),
    [
        ({}, {"zone": "south"}, Filter.ZONE, "not the requested one, 'south'"),
        ({}, {"data_clouds": frozenset({"b"})}, Filter.DATA, "in another cloud"),
        ({}, {"data_clouds": frozenset({"a", "b"})}, Filter.DATA, "in another cloud"),
        ({"is_enabled": False}, {}, Filter.SERVICE, "disabled"),
        ({"unsupported": ("No config drives.",)}, {}, Filter.CAPABILITY, "No config drives."),
        ({"group_obstacle": "No groups."}, {}, Filter.GROUP, "No groups."),
        ({}, {"group_clouds": frozenset({"b"})}, Filter.GROUP, "in another cloud"),
        ({}, {"labels": {"region": "eu"}}, Filter.LABEL, "it has no label region"),
        ({"labels": {"region": "us"}}, {"labels": {"region": "eu"}}, Filter.LABEL, "region is 'us', not 'eu'"),
        ({"quotas": (quota(4, 4),)}, {}, Filter.QUOTA, "vcpus: requested 1, used 4, limit 4"),
        ({"quotas": (quota(9, 0), quota(0, 0, QuotaScope.USER))}, {}, Filter.QUOTA, "user in the cloud account"),
    ],
)
def test_filters(changes: dict[str, object], request_changes: dict[str, object], filter_: Filter, reason: str) -> None:
    accepted = cloud("a")
    refused = replace(accepted, **changes)  # type: ignore[arg-type]
    request = replace(REQUEST, **request_changes)  # type: ignore[arg-type]
    [evaluation] = evaluate(request, OLDEST, [refused])
    assert evaluation.refusal is not None
    assert evaluation.refusal.filter is filter_
    assert reason in evaluation.refusal.reason
    assert select_bindings(request, OLDEST, [refused], 1).bindings == []
    assert rank([accepted]) == ["a"]


def test_matching_data_group_and_labels_are_accepted() -> None:
    request = PlacementRequest(
        SMALL, labels={"region": "eu"}, data_clouds=frozenset({"b"}), group_clouds=frozenset({"b"})
    )
    labels = {"region": "eu", "tier": "gold"}
    candidates = [replace(cloud(name, zone), labels=labels) for name, zone in (("a", "north"), ("b", "south"))]
    assert rank(candidates, request=request) == ["b"], "data decides the zone if the request names none"


def test_weighers() -> None:
    a, b, c = cloud("a"), cloud("b"), cloud("c")
    prices = [replace(a, hourly_price=3), replace(b, hourly_price=None), replace(c, hourly_price=2)]
    assert rank(prices, prefer(Weigher.CHEAPEST)) == ["c", "a", "b"], "a cloud without price comes last"
    filled = [replace(a, quotas=(quota(10, 5),)), replace(b, quotas=(quota(100, 49),)), c]
    assert rank(filled, prefer(Weigher.LEAST_FILLED)) == ["c", "b", "a"]
    assert rank([replace(a, servers=2), b, replace(c, servers=1)], prefer(Weigher.SPREAD)) == ["b", "c", "a"]
    assert rank([replace(a, turn=3), replace(b, turn=1), replace(c, turn=2)], prefer(Weigher.ROUND_ROBIN)) == [
        "b",
        "c",
        "a",
    ]
    assert rank([a, replace(b, has_image=True), c], prefer(Weigher.DATA_LOCATION)) == ["b", "a", "c"]
    both = [replace(a, hourly_price=1, servers=1), replace(b, hourly_price=1), replace(c, hourly_price=2)]
    assert rank(both, prefer(Weigher.CHEAPEST, Weigher.SPREAD)) == ["b", "a", "c"], "equal prices: the next weigher"


def test_clouds_with_invalid_credentials_come_last() -> None:
    rejected = replace(cloud("a"), credentials=CredentialStatus.REJECTED, hourly_price=1)
    valid = replace(cloud("b"), credentials=CredentialStatus.VALID, hourly_price=2)
    assert rank([rejected, valid]) == ["b", "a"]
    assert rank([rejected, valid], prefer(Weigher.CHEAPEST)) == ["b", "a"]
    assert rank([rejected]) == ["a"]


def test_weights_are_explained() -> None:
    policy = prefer(Weigher.CHEAPEST, Weigher.LEAST_FILLED)
    [evaluation] = evaluate(REQUEST, policy, [replace(cloud("a"), hourly_price=125_000_000, quotas=(quota(8, 1),))])
    assert [(weight.weigher, weight.text) for weight in evaluation.weights] == [
        ("credentials", "not checked"),
        ("cheapest", "0.0125000000 per hour"),
        ("least_filled", "12.5 % filled"),
    ]


def test_several_servers_take_turns_and_respect_quotas() -> None:
    a, b = replace(cloud("a"), turn=7), replace(cloud("b"), turn=8)
    assert select_names([a, b], prefer(Weigher.ROUND_ROBIN), 5) == "ababa"
    assert select_names([replace(a, servers=2), b], prefer(Weigher.SPREAD), 4) == "bbab"
    limited = [replace(a, quotas=(quota(4, 2),)), replace(b, quotas=(quota(4, 3),))]
    assert select_names(limited, OLDEST, 3) == "aab"
    placements = select_bindings(REQUEST, OLDEST, limited, 9)
    assert [binding.cloud_name for binding in placements.bindings] == ["a", "a", "b"]
    assert {item.refusal.filter for item in placements.refused if item.refusal} == {Filter.QUOTA}
    together = replace(REQUEST, together=True)
    assert select_names([a, b], prefer(Weigher.ROUND_ROBIN), 3, together) == "aaa"
    assert select_names(limited, OLDEST, 3, together) == "aa"
    small_first = [replace(a, quotas=(quota(4, 2),)), replace(b, quotas=(quota(4, 0),)), cloud("c")]
    assert select_names(small_first, OLDEST, 2, together) == "aa"
    assert select_names(small_first, OLDEST, 3, together) == "bbb", "the first cloud has no room for all"
    assert select_names(small_first[:2], OLDEST, 5, together) == "bbbb", "no cloud has room for all"


def test_labels_of_flavors_and_hints() -> None:
    values = {"cloud_label:region": "eu", "group": "g", "hw:cpu_policy": "dedicated"}
    assert parse_labels(values) == {"region": "eu"}
    assert merge_labels({"region": "eu"}, {"region": "eu", "tier": "gold"}) == {"region": "eu", "tier": "gold"}
    with pytest.raises(Invalid, match=r"flavor requires the cloud label region=eu, the request region=us"):
        merge_labels({"region": "eu"}, {"region": "us"})
    with pytest.raises(Invalid, match="requires the name of a label"):
        parse_labels({"cloud_label:": "eu"})


def test_own_limits_beat_those_of_each() -> None:
    def limit(scope: QuotaScope, owner_id: str, resource: QuotaResource, number: int) -> AccountLimit:
        return AccountLimit("c", scope, owner_id, resource, number)

    user, servers, vcpus = QuotaScope.USER, QuotaResource.SERVERS, QuotaResource.VCPUS
    limits = [
        limit(QuotaScope.ACCOUNT, "", servers, 100),
        limit(user, EACH, servers, 20),
        limit(user, EACH, vcpus, 40),
        limit(user, "bob", servers, 30),
        limit(user, "eve", servers, 0),
        limit(user, "root", servers, UNLIMITED),
    ]
    assert select_limits(limits, user, "alice") == {servers: 20, vcpus: 40}
    assert select_limits(limits, user, "bob") == {servers: 30, vcpus: 40}
    assert select_limits(limits, user, "eve") == {servers: 0, vcpus: 40}
    assert select_limits(limits, user, "root") == {vcpus: 40}
    assert select_limits(limits, QuotaScope.ACCOUNT, "") == {servers: 100}
    assert select_limits(limits, QuotaScope.PROJECT, "p1") == {}


def test_quota_without_growth_has_room() -> None:
    full = quota(4, 6)
    assert full.has_room(Amounts(vcpus=0, ram_mib=100))
    assert full.has_room(Amounts(vcpus=-1))
    assert not full.has_room(Amounts(vcpus=1))
    assert quota(0, 0).fill == 1000
