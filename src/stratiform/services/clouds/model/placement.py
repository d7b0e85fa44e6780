"""Placement: which of a project's clouds takes a new server.

Filters refuse clouds, and weighers order the others. Everything here is a function of its arguments: the caller reads
what they need. Source of the terms: Nova, "Compute schedulers".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from stratiform.kit.errors import Invalid
from stratiform.services.clouds.model import Binding
from stratiform.services.clouds.model.account_quotas import Amounts, QuotaState
from stratiform.services.clouds.model.credential_checks import CredentialStatus

#: The prefix of extra specs of flavors, and of scheduler hints, that require a label of the cloud.
LABEL_PREFIX = "cloud_label:"

#: Prices are in 10^-10 of the currency of their plan.
PRICE_DIGITS = 10

#: A cloud without a price comes after all others.
_NO_PRICE = 1 << 100


class Weigher(StrEnum):
    """What a policy prefers; without weighers, it is the oldest binding."""

    ROUND_ROBIN = "round_robin"
    CHEAPEST = "cheapest"
    LEAST_FILLED = "least_filled"
    SPREAD = "spread"
    DATA_LOCATION = "data_location"


class Filter(StrEnum):
    """What refuses a cloud, in the order of the checks."""

    ZONE = "zone"
    DATA = "data"
    SERVICE = "service"
    CAPABILITY = "capability"
    GROUP = "group"
    LABEL = "label"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class PlacementPolicy:
    """The weighers of a project, the most important first. `price_plan`: the plan that `cheapest` compares.

    `owner_id`: the project, or `UNBOUND_PROJECTS` for the policy of all projects without one.
    """

    owner_id: str
    weighers: tuple[Weigher, ...] = ()
    price_plan: str = ""


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    """A server to place. `data_clouds`, `group_clouds` None: any cloud; otherwise it must be one of these.

    `data_clouds` are the clouds with the volumes that the server uses, `group_clouds` those with the servers of its
    group with the policy `affinity`; `together`: all servers of the request must be in one cloud.
    """

    needs: Amounts
    zone: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    data_clouds: frozenset[str] | None = None
    group_clouds: frozenset[str] | None = None
    together: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A binding of the project, and the state of its cloud.

    `unsupported`: why clouds of this kind lack what the request needs. `group_obstacle`: why they cannot apply the
    policy of its server group. `fill`: used part of the account's limits in thousandths. `servers`: those of the
    project in the cloud. `turn`: the number of the last placement there. `hourly_price`: None without a price.
    """

    binding: Binding
    labels: Mapping[str, str] = field(default_factory=dict)
    credentials: CredentialStatus | None = None
    is_enabled: bool = True
    unsupported: tuple[str, ...] = ()
    group_obstacle: str = ""
    has_image: bool = False
    servers: int = 0
    turn: int = 0
    hourly_price: int | None = None
    quotas: tuple[QuotaState, ...] = ()

    @property
    def fill(self) -> int:
        """The used part of the account's limits in thousandths: that of the resource with the least room."""
        return max((quota.fill for quota in self.quotas if quota.is_of_account), default=0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first filter that refuses a cloud, and why. `public_reason`: the text for customers if it differs."""

    filter: Filter
    reason: str
    public_reason: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """The value of a cloud in the eyes of a weigher; smaller ones are preferred. `text` is for people."""

    weigher: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result for one candidate: a refusal, or weights."""

    candidate: Candidate
    refusal: Refusal | None
    weights: tuple[Weight, ...] = ()


@dataclass(frozen=True, slots=True)
class Placements:
    """The bindings for the servers of a request in their order. `refused`: why no more servers could be placed."""

    bindings: Sequence[Binding]
    refused: Sequence[Evaluation] = ()


def evaluate(
    request: PlacementRequest, policy: PlacementPolicy, candidates: Sequence[Candidate]
) -> Sequence[Evaluation]:
    """Return the accepted candidates, the best first, then the refused ones. Equal ones keep their order."""
    default_zone = _find_default_zone(request, policy, candidates)
    refusals = [_find_refusal(request, candidate, default_zone) for candidate in candidates]
    evaluations = [
        Evaluation(candidate, refusal, () if refusal else tuple(_list_weights(policy, candidate)))
        for candidate, refusal in zip(candidates, refusals, strict=True)
    ]
    accepted = [evaluation for evaluation in evaluations if evaluation.refusal is None]
    accepted.sort(key=lambda evaluation: [weight.value for weight in evaluation.weights])
    return [*accepted, *(evaluation for evaluation in evaluations if evaluation.refusal is not None)]


def select_bindings(
    request: PlacementRequest, policy: PlacementPolicy, candidates: Sequence[Candidate], count: int
) -> Placements:
    """Place up to `count` equal servers, one after the other, each with the others as usage.

    Servers that must be together get the first cloud with room for all, else the one with room for the most.
    Returns fewer bindings if no cloud accepts another server. There is at least one candidate.
    """
    if not request.together:
        return _distribute(request, policy, candidates, count)
    evaluations = evaluate(request, policy, candidates)
    best = Placements((), evaluations)
    for chosen in (evaluation.candidate for evaluation in evaluations if evaluation.refusal is None):
        placements = _distribute(request, policy, [chosen], count)
        if len(placements.bindings) > len(best.bindings):
            best = placements
        if len(best.bindings) == count:
            break
    return best


def _distribute(
    request: PlacementRequest, policy: PlacementPolicy, candidates: Sequence[Candidate], count: int
) -> Placements:
    """Place up to `count` equal servers on all candidates."""
    bindings: list[Binding] = []
    remaining = list(candidates)
    while len(bindings) < count:
        evaluations = evaluate(request, policy, remaining)
        best = evaluations[0]
        if best.refusal is not None:
            return Placements(bindings, evaluations)
        bindings.append(best.candidate.binding)
        turn = max(candidate.turn for candidate in remaining) + 1
        remaining = [_add_server(candidate, best.candidate, request.needs, turn) for candidate in remaining]
    return Placements(bindings)


def parse_labels(values: Mapping[str, str]) -> dict[str, str]:
    """Return the required labels among extra specs or scheduler hints. Raises: Invalid for a label without name."""
    labels = {key.removeprefix(LABEL_PREFIX): value for key, value in values.items() if key.startswith(LABEL_PREFIX)}
    if "" in labels:
        raise Invalid(f"`{LABEL_PREFIX}` requires the name of a label", hint=f"for example {LABEL_PREFIX}region=eu")
    return labels


def merge_labels(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of both. Raises: Invalid if they contradict each other."""
    for name, value in second.items():
        if first.get(name, value) != value:
            raise Invalid(f"The flavor requires the cloud label {name}={first[name]}, the request {name}={value}")
    return {**first, **second}


def _find_default_zone(
    request: PlacementRequest, policy: PlacementPolicy, candidates: Sequence[Candidate]
) -> str | None:
    """Return the zone that the server must be in: without weighers and without a zone, that of the oldest binding."""
    if request.zone or policy.weighers or request.data_clouds is not None or not candidates:
        return request.zone or None
    return candidates[0].binding.zone


def _find_refusal(request: PlacementRequest, candidate: Candidate, zone: str | None) -> Refusal | None:
    return next(_list_refusals(request, candidate, zone), None)


def _list_refusals(request: PlacementRequest, candidate: Candidate, zone: str | None) -> Iterator[Refusal]:
    yield from _check_location(request, candidate.binding, zone)
    if not candidate.is_enabled:
        yield Refusal(Filter.SERVICE, "its compute service is disabled")
    for reason in candidate.unsupported:
        yield Refusal(Filter.CAPABILITY, reason)
    yield from _check_group(request, candidate)
    for name, value in request.labels.items():
        if candidate.labels.get(name) != value:
            yield Refusal(Filter.LABEL, _describe_label(candidate, name, value))
    for quota in candidate.quotas:
        if not quota.has_room(request.needs):
            public_reason = quota.describe_scope() if quota.is_of_account else ""
            yield Refusal(Filter.QUOTA, quota.describe(request.needs), public_reason)


def _check_location(request: PlacementRequest, binding: Binding, zone: str | None) -> Iterator[Refusal]:
    if zone is not None and binding.zone != zone:
        origin = "requested" if request.zone else "default"
        yield Refusal(Filter.ZONE, f"serves availability zone '{binding.zone}', not the {origin} one, '{zone}'")
    if request.data_clouds is not None and request.data_clouds != {binding.cloud_id}:
        yield Refusal(Filter.DATA, "the server's volumes or snapshots are in another cloud")


def _check_group(request: PlacementRequest, candidate: Candidate) -> Iterator[Refusal]:
    if candidate.group_obstacle:
        yield Refusal(Filter.GROUP, candidate.group_obstacle)
    if request.group_clouds is not None and not request.group_clouds <= {candidate.binding.cloud_id}:
        yield Refusal(Filter.GROUP, "The other servers of the group are in another cloud.")


def _describe_label(candidate: Candidate, name: str, value: str) -> str:
    own = candidate.labels.get(name)
    return f"its label {name} is '{own}', not '{value}'" if own is not None else f"it has no label {name}"


def _list_weights(policy: PlacementPolicy, candidate: Candidate) -> Iterator[Weight]:
    """Yield the weights of an accepted candidate. Clouds whose credentials are not valid come last."""
    is_valid = candidate.credentials in (None, CredentialStatus.VALID)
    yield Weight("credentials", 0 if is_valid else 1, candidate.credentials or "not checked")
    for weigher in policy.weighers:
        yield _weigh(weigher, candidate)


def _weigh(weigher: Weigher, candidate: Candidate) -> Weight:
    match weigher:
        case Weigher.ROUND_ROBIN:
            return Weight(weigher, candidate.turn, f"turn {candidate.turn}")
        case Weigher.CHEAPEST:
            price = candidate.hourly_price
            text = "no price" if price is None else f"{Decimal(price).scaleb(-PRICE_DIGITS):f} per hour"
            return Weight(weigher, _NO_PRICE if price is None else price, text)
        case Weigher.LEAST_FILLED:
            return Weight(weigher, candidate.fill, f"{candidate.fill // 10}.{candidate.fill % 10} % filled")
        case Weigher.SPREAD:
            return Weight(weigher, candidate.servers, f"{candidate.servers} servers of the project")
        case Weigher.DATA_LOCATION:
            text = "has the image" if candidate.has_image else "does not have the image"
            return Weight(weigher, int(not candidate.has_image), text)


def _add_server(candidate: Candidate, chosen: Candidate, needs: Amounts, turn: int) -> Candidate:
    """Return the state of a candidate after a server was placed on `chosen`."""
    if candidate.binding.cloud_id != chosen.binding.cloud_id:
        return candidate
    quotas = tuple(quota.add(needs) for quota in candidate.quotas)
    return replace(candidate, servers=candidate.servers + 1, turn=turn, quotas=quotas, has_image=True)
