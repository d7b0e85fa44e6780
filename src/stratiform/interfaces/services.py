"""The services that interfaces use."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from stratiform.kit.clock import Clock
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.kit.server_proof import ServerProof
from stratiform.services.audit.service import AuditService
from stratiform.services.billing.service import BillingService
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute.service import ComputeService
from stratiform.services.identity.service import IdentityService
from stratiform.services.image.service import ImageService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceRegistry
from stratiform.services.network.service import NetworkService
from stratiform.services.proof.service import ProofService
from stratiform.services.rating.service import RatingService
from stratiform.services.volume.service import VolumeService


@dataclass(frozen=True, slots=True)
class Services:
    """Every service of an installation, and its environment.

    `url` is the public address without a slash at the end. `wake` wakes the worker. `stopping` is set before the server
    waits for its last responses, so that endless streams end.
    """

    url: str
    region: str
    database: Database
    clock: Clock
    ids: Ids
    wake: Callable[[], None]
    registry: ServiceRegistry
    server_proof: ServerProof
    identity: IdentityService
    clouds: CloudsService
    network: NetworkService
    image: ImageService
    volume: VolumeService
    compute: ComputeService
    ledger: LedgerService
    ingest: IngestService
    proof: ProofService
    audit: AuditService
    rating: RatingService
    billing: BillingService
    stopping: threading.Event = field(default_factory=threading.Event)
