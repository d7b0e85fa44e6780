"""What operators attach to volume types and projects: QoS specs, encryption, default types; and group types."""

from dataclasses import dataclass, field

from stratiform.kit.clock import Micros

#: What applies QoS specs: the hypervisor, the storage, or both. Source: cinder/volume/qos_specs.py.
QOS_CONSUMERS = ("back-end", "both", "front-end")

CONTROL_LOCATIONS = ("front-end", "back-end")

#: The spec of a group type whose snapshots are of one instant, and its value.
CONSISTENT_SPEC, ENABLED_SPEC = "consistent_group_snapshot_enabled", "<is> True"


@dataclass(frozen=True, slots=True)
class QosSpec:
    """A set of performance limits that volume types can refer to. It is stored, and has no effect in clouds."""

    id: str
    name: str
    consumer: str
    created_at: Micros
    specs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Encryption:
    """The encryption of a volume type: the cloud encrypts new volumes of the type. `key_size` in bits."""

    type_id: str
    id: str
    provider: str
    control_location: str
    cipher: str | None
    key_size: int | None
    created_at: Micros
    updated_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class DefaultType:
    """The type of a project's volumes that name none."""

    project_id: str
    type_id: str


@dataclass(frozen=True, slots=True)
class GroupType:
    """A type of groups of volumes."""

    id: str
    name: str
    description: str | None
    is_public: bool
    created_at: Micros
    group_specs: dict[str, str] = field(default_factory=dict)

    @property
    def is_consistent(self) -> bool:
        return self.group_specs.get(CONSISTENT_SPEC) == ENABLED_SPEC
