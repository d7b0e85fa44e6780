"""Clouds with a given inventory, for audits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from stratiform.contract.adoption import AdoptionDriver
from stratiform.contract.compute import ComputeDriver
from stratiform.contract.connector import AccountInfo, CloudConnection
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import InventoryItem, UsageDriver, UsageSample
from stratiform.contract.volume import VolumeDriver
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service import CloudsService


@dataclass
class ListedCloud:
    """A connection to a cloud with an inventory and no other capability.

    `breaks_after`: the inventory fails after this number of items.
    """

    items: list[InventoryItem] = field(default_factory=list)
    breaks_after: int | None = None
    compute: ComputeDriver | None = None
    volume: VolumeDriver | None = None
    snapshot: SnapshotDriver | None = None
    adoption: AdoptionDriver | None = None
    network: NetworkDriver | None = None
    routing: RoutingDriver | None = None
    image: ImageDriver | None = None
    usage: UsageDriver | None = None

    def __post_init__(self) -> None:
        self.usage = self

    def check_credentials(self) -> AccountInfo:
        return AccountInfo("test", ())

    def list_inventory(self) -> Iterator[InventoryItem]:
        for number, item in enumerate(self.items):
            if number == self.breaks_after:
                raise CloudUnreachable("no answer")
            yield item

    def list_samples(self, poll: Mapping[str, object], since: Micros, until: Micros) -> Iterator[UsageSample]:
        raise NotImplementedError


class ListedClouds:
    """A CloudsService with listed clouds, whose ids are their names."""

    def __init__(self, clouds: Mapping[str, ListedCloud]) -> None:
        self._clouds = clouds

    @property
    def accounts(self) -> "ListedClouds":
        return self

    @property
    def connections(self) -> "ListedClouds":
        return self

    def list_all(self, db: Connection) -> Sequence[Cloud]:
        assert not db.closed
        return [Cloud(name, name, "test", {}, 0, 0, 1) for name in self._clouds]

    def get(self, cloud_id: str) -> CloudConnection:
        return self._clouds[cloud_id]


def listed_clouds(**clouds: ListedCloud) -> CloudsService:
    return cast("CloudsService", ListedClouds({name.replace("_", "-"): cloud for name, cloud in clouds.items()}))
