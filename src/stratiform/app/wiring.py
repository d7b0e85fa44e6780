"""Builds the services of an installation."""

from collections.abc import Callable
from pathlib import Path

from stratiform.app.settings import Settings
from stratiform.contract.connector import Installation
from stratiform.interfaces.services import Services
from stratiform.kit.clock import Clock, SystemClock
from stratiform.kit.crypto import Keys
from stratiform.kit.db import Database
from stratiform.kit.ids import Ids, RandomIds
from stratiform.kit.signing import SigningKeys
from stratiform.services.audit.service import AuditService
from stratiform.services.billing.service import BillingService
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute.service import ComputeService
from stratiform.services.identity.service import IdentityService
from stratiform.services.image.service import ImageService
from stratiform.services.ingest.events import MessageParser
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.network.service import NetworkService
from stratiform.services.proof.service import ProofService
from stratiform.services.rating.service import RatingService
from stratiform.services.volume.service import VolumeService


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    wake: Callable[[], None] = lambda: None,
) -> Services:
    """Build every service. Reads the key files, but does not connect to the database."""
    clock, ids = clock or SystemClock(), ids or RandomIds()
    database = Database(settings.database)
    tokens, secrets = Keys(settings.home / "keys" / "tokens"), Keys(settings.home / "keys" / "secrets")
    tokens.create()
    secrets.create()
    identity = IdentityService.build(
        ids, tokens, bcrypt_rounds=settings.bcrypt_rounds, token_ttl_s=settings.token_ttl_s
    )
    installation = _installation(settings.home / "keys" / "installation", ids)
    ledger_keys = SigningKeys(settings.home / "keys" / "ledger")
    ledger_keys.create(f"stratiform/{installation}")
    clouds = CloudsService.build(
        database=database,
        ids=ids,
        keys=secrets,
        installation=Installation(id=installation, home=settings.home, clock=clock),
    )
    network = NetworkService.build(database=database, ids=ids, clouds=clouds)
    image = ImageService.build(database=database, ids=ids, clouds=clouds, folder=settings.home / "images", clock=clock)
    volume = VolumeService.build(ids=ids, clouds=clouds, images=image)
    compute = ComputeService.build(ids=ids, clouds=clouds, network=network, image=image, volume=volume)
    parser = MessageParser.load(settings.home / "meters")
    ledger = LedgerService.build(parser.catalog, clouds, identity)
    ingest = IngestService.build(parser, ledger, settings.raw_messages_days)
    proof = ProofService.build(ledger, ledger_keys)
    audit = AuditService.build(database, clock, ledger, ingest, clouds)
    rating = RatingService.build(ids, ledger)
    billing = BillingService(database=database, ids=ids, identity=identity, ledger=ledger, ingest=ingest, rating=rating)
    return Services(
        url=settings.url,
        region=settings.region,
        database=database,
        clock=clock,
        ids=ids,
        wake=wake,
        identity=identity,
        clouds=clouds,
        network=network,
        image=image,
        volume=volume,
        compute=compute,
        ledger=ledger,
        ingest=ingest,
        proof=proof,
        audit=audit,
        rating=rating,
        billing=billing,
    )


def _installation(file: Path, ids: Ids) -> str:
    """Return the id that separates our resources in a cloud from another installation's; create it once."""
    if not file.exists():
        file.write_text(ids.hex())
    return file.read_text().strip()
