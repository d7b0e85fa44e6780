"""Transfers of volumes between projects."""

from dataclasses import dataclass, field

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class Transfer:
    """The offer of a volume by `project_id`. Of its key, only a salted hash is stored."""

    id: str
    volume_id: str
    name: str
    salt: str = field(repr=False)
    key_hash: str = field(repr=False)
    no_snapshots: bool
    project_id: str
    created_at: Micros
