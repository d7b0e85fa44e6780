"""The comparison of one resource with its sources: findings, and proposals that resolve them."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.clock import HOUR_US, SECOND_US
from stratiform.services.audit.model import CorrectionProposal, Finding, FindingKind
from stratiform.services.audit.model.comparison import compare_resource
from stratiform.services.audit.model.exists_periods import covers_all_resources, find_period_without_exists
from stratiform.services.audit.model.findings import find_overlaps
from stratiform.services.audit.model.ledger_states import LedgerState
from stratiform.services.audit.model.source_reports import Absence, Sighting
from stratiform.services.ingest.model.correction_observations import Observation
from stratiform.services.ingest.parsing.correction_payloads import parse_correction
from stratiform.services.ingest.service import build_correction_event
from stratiform.services.ledger.model import (
    Correction,
    Resource,
    Segment,
    Statement,
    fold_statements,
    select_statements_in_force,
)
from stratiform.services.ledger.model.fold import select_messages
from support.profiles import examples
from support.segments import INSTANCE, segment

S = SECOND_US
WINDOW = (10 * S, 100 * S)
NOW = 120 * S
SERVER = Resource("lab", "instance", "1")
OBSERVATION = Observation(project_id="p", name="web", state="active", attributes={"vcpus": 1})

LAUNCH = Statement(
    20 * S + 1, "m-launch", project_id="p", launched_at=20 * S + 1, state="active", attributes={"vcpus": 1}
)
DELETION = Statement(60 * S + 1, "m-deletion", project_id="p", terminated_at=60 * S + 1, is_deleted=True)
NOT_LISTED = Absence("inventory", NOW, is_conclusive=True)


def message(
    at: int,
    *,
    launched_at: int | None = None,
    terminated_at: int | None = None,
    state: str | None = None,
    attributes: dict[str, object] | None = None,
) -> Statement:
    return Statement(
        at,
        f"m-{at:012d}",
        project_id="p",
        launched_at=launched_at,
        terminated_at=terminated_at,
        state=state,
        attributes=attributes or {},
    )


def ledger(*statements: Statement) -> LedgerState:
    """Return the state of the ledger after these statements."""
    valid = select_statements_in_force(statements)
    last_message_at = max((statement.at for statement in select_messages(valid)), default=None)
    applied = [statement.correction for statement in valid if statement.correction is not None]
    return LedgerState(fold_statements(INSTANCE, statements).segments, last_message_at, applied)


def listed(since: int | None = None, observation: Observation = OBSERVATION) -> Sighting:
    """Return the sighting in an inventory."""
    return Sighting("inventory", NOW, since, observation=observation)


def check(
    state: LedgerState, *reports: Sighting | Absence, window: tuple[int, int] = WINDOW
) -> tuple[list[Finding], list[CorrectionProposal]]:
    """Compare the ledger with reports of sources."""
    sightings = [report for report in reports if isinstance(report, Sighting)]
    return compare_resource(state, sightings, [report for report in reports if isinstance(report, Absence)], window)


def find_intervals(state: LedgerState, *reports: Sighting | Absence) -> list[tuple[str, int, int, bool]]:
    """Return kind, start, end and exactness of the findings."""
    return [(each.kind.value, each.start, each.end, each.exact) for each in check(state, *reports)[0]]


def apply(proposal: CorrectionProposal, number: int = 0) -> Statement:
    """Return the statement of the ledger after the proposal was applied."""
    correction = Correction("staff", proposal.reason, reopened=proposal.reopened, has_observation=True)
    message_id = f"z-{number}-{proposal.at:012d}"
    event = build_correction_event(SERVER, message_id, proposal.at, correction, proposal.observation)
    parsed = parse_correction(event)
    assert parsed is not None
    return parsed.statement


def test_sources_that_agree_with_the_ledger_yield_no_findings() -> None:
    assert check(ledger(LAUNCH), listed(20 * S + 1)) == ([], [])
    assert check(ledger(LAUNCH, DELETION), NOT_LISTED) == ([], [])
    exists = Sighting("message", 50 * S, 20 * S)
    assert check(ledger(LAUNCH, DELETION), exists, NOT_LISTED) == ([], []), "times may be truncated to seconds"
    ended = Sighting("message", 99 * S, 20 * S, until=60 * S + 1)
    assert check(ledger(LAUNCH, DELETION), ended) == ([], [])


def test_a_lost_creation_is_missing_use() -> None:
    findings, proposals = check(ledger(), listed(30 * S))
    assert findings == [Finding(FindingKind.MISSING, 30 * S, 100 * S, True, ("inventory",))]
    usage = fold_statements(INSTANCE, [apply(proposal) for proposal in proposals])
    assert usage.segments == (segment(30 * S, None, "p", "active", {"vcpus": 1}),)
    assert usage.name == "web"
    assert check(ledger(), listed(None))[1] == [], "the start is unknown"
    assert check(ledger(), listed(30 * S, Observation()))[1] == [], "the project is unknown"


def test_a_lost_deletion_is_surplus_use_since_the_last_message() -> None:
    stopped = message(40 * S, state="stopped")
    findings, proposals = check(ledger(LAUNCH, stopped), NOT_LISTED)
    assert findings == [Finding(FindingKind.SURPLUS, 40 * S, 100 * S, False, ("inventory",))]
    assert fold_statements(INSTANCE, [LAUNCH, stopped, apply(proposals[0])]).end == NOW
    exists = Sighting("message", 70 * S, 20 * S)
    assert find_intervals(ledger(LAUNCH, stopped), exists, NOT_LISTED) == [("surplus", 70 * S, 100 * S, False)]
    assert find_intervals(ledger(LAUNCH, message(110 * S)), NOT_LISTED) == [], "the last message is after the window"
    recent = Absence("inventory", NOW, is_conclusive=True, grace_us=30 * S)
    assert find_intervals(ledger(LAUNCH, message(95 * S)), recent) == [], "the deletion may not have arrived yet"


def test_a_lost_change_is_a_difference_since_the_last_message() -> None:
    attributes = {"vcpus": 4, "flavor": "not in the ledger"}
    resized = replace(OBSERVATION, attributes=attributes, project_id="q", state="stopped")
    findings, proposals = check(ledger(LAUNCH), listed(20 * S, resized))
    differences = {"vcpus": (1, 4), "state": ("active", "stopped"), "project_id": ("p", "q")}
    assert [finding.differences for finding in findings] == [differences]
    assert find_intervals(ledger(LAUNCH), listed(20 * S, resized)) == [("differs", 20 * S + 1, 100 * S, False)]
    segments = fold_statements(INSTANCE, [LAUNCH, apply(proposals[0])]).segments
    assert segments[1] == segment(NOW, None, "q", "stopped", {"vcpus": 4})
    later = message(130 * S, state="active", attributes={"vcpus": 2})
    assert fold_statements(INSTANCE, [LAUNCH, apply(proposals[0]), later]).segments[-1].attributes == {"vcpus": 2}


def test_a_wrong_end_is_refuted_and_a_later_end_counts() -> None:
    wrong_end = message(40 * S + 1, terminated_at=40 * S + 1)
    exists = Sighting("message", 70 * S, 20 * S)
    findings, proposals = check(ledger(LAUNCH, wrong_end), exists)
    assert findings == [Finding(FindingKind.MISSING, 40 * S + 1, 70 * S, True, ("message",))]
    reopened = [LAUNCH, wrong_end, apply(proposals[0])]
    assert fold_statements(INSTANCE, reopened).end is None
    assert fold_statements(INSTANCE, [*reopened, message(90 * S + 1, terminated_at=90 * S + 1)]).end == 90 * S + 1
    assert find_intervals(ledger(LAUNCH, wrong_end), listed()) == [("missing", 40 * S + 1, 100 * S, True)]


def test_a_wrong_end_and_a_lost_deletion_are_both_corrected() -> None:
    wrong_end = message(40 * S + 1, terminated_at=40 * S + 1)
    exists = Sighting("message", 70 * S, 20 * S)
    findings, proposals = check(ledger(LAUNCH, wrong_end), exists, NOT_LISTED)
    assert [(each.kind, each.start, each.end) for each in findings] == [(FindingKind.MISSING, 40 * S + 1, 70 * S)]
    applied = [apply(proposal, number) for number, proposal in enumerate(proposals)]
    assert fold_statements(INSTANCE, [LAUNCH, wrong_end, *applied]).end == NOW
    assert check(ledger(LAUNCH, wrong_end, *applied), exists, NOT_LISTED) == ([], [])


def test_a_resource_without_exists_notifications_has_surplus_use_but_no_proposal() -> None:
    hours = [(number * HOUR_US, (number + 1) * HOUR_US) for number in range(1, 5)]
    launch = message(HOUR_US + S, launched_at=HOUR_US + 1, state="active")
    assert find_period_without_exists(ledger(launch), hours) == hours[1]
    assert find_period_without_exists(ledger(launch, message(4 * HOUR_US + 1)), hours) is None
    assert (
        find_period_without_exists(ledger(launch, message(HOUR_US + 2 * S, state="shelved_offloaded")), hours) is None
    )
    assert (
        find_period_without_exists(ledger(launch, message(HOUR_US + 2 * S, terminated_at=HOUR_US + 3)), hours) is None
    )
    assert find_period_without_exists(ledger(), hours) is None
    unmentioned = Absence("messages", hours[1][0], is_conclusive=False)
    window = (0, 9 * HOUR_US)
    findings, proposals = check(ledger(launch), unmentioned, window=window)
    assert [(each.kind, each.start, each.end) for each in findings] == [(FindingKind.SURPLUS, HOUR_US + S, 9 * HOUR_US)]
    assert proposals == []
    unlisted = Absence("inventory", 8 * HOUR_US, is_conclusive=True)
    (proposal,) = check(ledger(launch), unmentioned, unlisted, window=window)[1]
    assert proposal.at == 2 * HOUR_US, "both sources agree on the earlier time"


def test_periodic_exists_notifications_have_full_hours() -> None:
    assert covers_all_resources(HOUR_US, 2 * HOUR_US)
    assert not covers_all_resources(HOUR_US, HOUR_US + 7)
    assert not covers_all_resources(HOUR_US, HOUR_US)


def test_corrections_outrank_sources() -> None:
    ended = Statement(110 * S, "z-1", correction=Correction("a", "goodwill", end=30 * S))
    assert check(ledger(LAUNCH, ended), listed(20 * S)) == ([], [])
    unused = Statement(110 * S, "z-1", correction=Correction("a", "outage", since=30 * S, until=40 * S, absent=True))
    assert check(ledger(LAUNCH, unused), listed(20 * S), Sighting("message", 90 * S, 20 * S)) == ([], [])
    resized = Statement(110 * S, "z-1", correction=Correction("a", "agreed", attributes={"vcpus": 7}))
    assert check(ledger(LAUNCH, resized), listed(20 * S)) == ([], [])
    revocation = Statement(111 * S, "z-2", correction=Correction("a", "no", revokes="z-1"))
    assert find_intervals(ledger(LAUNCH, ended, revocation), NOT_LISTED) == [("surplus", 20 * S + 1, 100 * S, False)]


def test_two_resources_overlap_while_both_are_in_use() -> None:
    first = [segment(0, 20 * S, "p", "active", {}), segment(20 * S, 40 * S, "q", "active", {})]
    second = [segment(15 * S, None, "p", "active", {})]
    assert find_overlaps(first, second, WINDOW) == [(15 * S, 40 * S)]
    assert find_overlaps(first, [segment(40 * S, None, "p", "active", {})], WINDOW) == []


moments = st.integers(1, 119).map(lambda second: second * S + 1)
attributes = st.dictionaries(st.sampled_from(["vcpus"]), st.sampled_from([1, 2]))
messages = st.builds(
    Statement,
    at=moments,
    message_id=st.uuids().map(str),
    project_id=st.sampled_from(["p", "q", None]),
    state=st.sampled_from(["active", "stopped", None]),
    launched_at=st.none() | moments,
    terminated_at=st.none() | st.none() | moments,
    deleted_at=st.none() | st.none() | moments,
    is_deleted=st.sampled_from([False, False, True]),
    attributes=attributes,
)
observations = st.builds(
    Observation,
    project_id=st.sampled_from(["p", "q"]),
    state=st.sampled_from(["active", "stopped", None]),
    attributes=attributes,
)
exists_sightings = st.builds(
    Sighting, st.just("message"), moments, st.none() | moments, st.none() | st.none() | moments
)
inventory_reports = st.builds(listed, st.none() | moments, observations) | st.just(NOT_LISTED) | st.none()


@settings(max_examples=examples(800))
@given(
    st.lists(messages, max_size=5, unique_by=lambda each: each.message_id),
    st.lists(exists_sightings, max_size=2),
    inventory_reports,
)
def test_applied_proposals_make_the_ledger_agree(
    statements: list[Statement], sightings: list[Sighting], report: Sighting | Absence | None
) -> None:
    """The sightings in `.exists` notifications are in the ledger, like all messages."""
    sightings = [each for each in sightings if max(each.until or 0, each.since or 0) <= each.at]
    exists = [
        Statement(each.at, f"e-{number}", launched_at=each.since, terminated_at=each.until)
        for number, each in enumerate(sightings)
    ]
    statements = [*statements, *exists]
    reports = (*sightings, *([report] if report is not None else []))
    before = ledger(*statements)
    findings, proposals = check(before, *reports)
    for finding in findings:
        assert WINDOW[0] <= finding.start < finding.end <= WINDOW[1]
        in_use = [_is_in_use(before.segments, moment) for moment in (finding.start, finding.end - 1)]
        assert in_use == [finding.kind is not FindingKind.MISSING] * 2
    if not findings:
        assert proposals == []
        return
    after = ledger(*statements, *(apply(proposal, number) for number, proposal in enumerate(proposals)))
    remaining, more_proposals = check(after, *reports)
    assert more_proposals == []
    if proposals:
        assert ("inventory",) not in {finding.evidence for finding in remaining}
        assert all(finding.kind is FindingKind.MISSING for finding in remaining), "only ended use of another message"
    if report is NOT_LISTED and any(finding.kind is FindingKind.SURPLUS for finding in findings):
        assert not _is_in_use(after.segments, NOW)
    if isinstance(report, Sighting) and proposals:
        _check_observed(after, report)


def _check_observed(state: LedgerState, sighting: Sighting) -> None:
    """Check that the ledger has the observed properties."""
    current, observation = state.find_segment(NOW), sighting.observation
    assert current is not None
    assert observation is not None
    assert current.project_id == observation.project_id
    assert observation.state in (None, current.state)
    assert all(current.attributes.get(name, value) == value for name, value in observation.attributes.items())


@settings(max_examples=examples(400))
@given(st.lists(messages, max_size=5, unique_by=lambda each: each.message_id))
def test_sources_with_the_content_of_the_ledger_yield_no_findings(statements: list[Statement]) -> None:
    state = ledger(*statements)
    segments = state.segments
    reports: list[Sighting | Absence] = [
        Sighting("message", each.end or NOW, segments[0].start, until=each.end) for each in segments
    ]
    last = segments[-1] if segments else None
    if last is not None and last.end is None:
        observation = Observation(project_id=last.project_id, state=last.state, attributes=last.attributes)
        reports.append(listed(segments[0].start, observation))
    else:
        reports.append(NOT_LISTED)
    assert check(state, *reports) == ([], [])


def _is_in_use(segments: Sequence[Segment], moment: int) -> bool:
    return any(each.start <= moment and (each.end is None or moment < each.end) for each in segments)
