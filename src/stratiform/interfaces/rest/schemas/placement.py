"""Labels and pools of clouds, placement policies and explanations, quotas of cloud accounts."""

from typing import Annotated

from msgspec import Meta, Struct, field

from stratiform.interfaces.rest.schemas.bindings import Binding, BoundProject, CloudName
from stratiform.interfaces.rest.schemas.common import RequestBody

PoolName = Annotated[str, Meta(description="Name or ID of the pool.")]


class LabelChanges(RequestBody):
    """Labels to set; null removes a label."""

    labels: dict[str, str | None]


class PoolCreate(RequestBody):
    name: str


class PoolMemberCreate(RequestBody):
    cloud: CloudName
    native_zone: Annotated[str, Meta(description="Zone in the cloud; default: the one in the cloud's settings.")] = ""


class PoolMemberQuery(Struct):
    cloud: CloudName


class PoolMember(Struct):
    cloud: str
    cloud_id: str
    native_zone: str


class Pool(Struct):
    """A group of clouds, in the order in which they were added."""

    id: str
    name: str
    created_at: str
    clouds: list[PoolMember]


class Pools(Struct):
    pools: list[Pool]


class PoolBindingCreate(RequestBody):
    project: BoundProject
    zone: Annotated[str, Meta(description="Availability zone that users see; default: the pool's name.")] = ""


class PoolBindingQuery(Struct):
    project: BoundProject
    zone: Annotated[
        str | None, Meta(description="Availability zone; default: all zones to which the project is bound.")
    ] = None


class PoolBindings(Struct):
    """A binding for each cloud of the pool."""

    bindings: list[Binding]


class PlacementPolicySet(RequestBody):
    project: BoundProject
    weighers: Annotated[
        list[str],
        Meta(
            description="The most important first: `round_robin`, `cheapest`, `least_filled`, `spread`, "
            "`data_location`; empty: the oldest binding."
        ),
    ]
    price_plan: Annotated[str, Meta(description="The price plan that `cheapest` compares.")] = ""


class PlacementPolicyQuery(Struct):
    project: BoundProject


class PlacementPolicy(Struct):
    project_id: Annotated[str, Meta(description="`*`: all projects that have no policy of their own.")]
    weighers: list[str]
    price_plan: str


class PlacementPolicies(Struct):
    policies: list[PlacementPolicy]


class PlacementRequest(RequestBody):
    """A server that is not created. `image` is required unless `volumes` has its root disk."""

    project: Annotated[str, Meta(description="Name or ID of the project.")]
    flavor: Annotated[str, Meta(description="Name or ID of the flavor.")]
    image: Annotated[str, Meta(description="Name or ID of the image.")] = ""
    volumes: Annotated[list[str], Meta(description="IDs of existing volumes that the server uses.")] = field(
        default_factory=list
    )
    zone: Annotated[str | None, Meta(description="Availability zone.")] = None
    user_id: Annotated[str, Meta(description="User who creates the server, for quotas; default: the caller.")] = ""
    hints: Annotated[dict[str, str], Meta(description="Scheduler hints, such as `cloud_label:region`.")] = field(
        default_factory=dict
    )


class PlacementWeight(Struct):
    """Smaller values are preferred."""

    weigher: str
    value: str
    text: str


class PlacementCandidate(Struct):
    """A cloud that serves the project. `rank` 1 gets the server; null: `filter` refuses the cloud."""

    cloud: str
    cloud_id: str
    zone: str
    pool: str
    rank: int | None
    filter: str
    reason: str
    weights: list[PlacementWeight]


class PlacementExplanation(Struct):
    policy: PlacementPolicy
    candidates: list[PlacementCandidate]


class AccountQuotaSet(RequestBody):
    """Limits of a cloud account; -1 is unlimited."""

    scope: Annotated[str, Meta(description="`account`, `project` or `user`.")]
    limits: Annotated[dict[str, int], Meta(description="By resource: `servers`, `vcpus`, `ram_mib`, `disk_gib`.")]
    owner: Annotated[
        str, Meta(description="Project or user (name or ID); `*`: each one without limits of its own.")
    ] = ""


class AccountQuotaQuery(Struct):
    scope: Annotated[str, Meta(description="`account`, `project` or `user`.")]
    owner: Annotated[str, Meta(description="Project or user (name or ID); `*` for the limits of each.")] = ""


class AccountQuota(Struct):
    """A limit. `used` is null for the limits of each project or user."""

    scope: str
    owner_id: str
    resource: str
    limit: int
    used: int | None


class AccountQuotas(Struct):
    quotas: list[AccountQuota]
