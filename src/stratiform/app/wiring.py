"""Builds the services of an installation from their manifests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from stratiform.app.manifests import SERVICES
from stratiform.app.settings import Settings
from stratiform.contract.connector import Installation
from stratiform.interfaces.services import Services
from stratiform.kit.clock import Clock, SystemClock
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids, RandomIds
from stratiform.kit.server_proof import ServerProof, address_of
from stratiform.kit.signing_keys import SigningKeys
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.manifest import ServiceEnvironment, ServiceRegistry


def build_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    ids: Ids | None = None,
    wake: Callable[[], None] = lambda: None,
) -> Services:
    """Build every service. Reads the key files, but does not connect to the database."""
    env = _environment(settings, clock or SystemClock(), ids or RandomIds())
    registry = ServiceRegistry()
    parser = MessageParser.load(settings.home / "meters")
    registry.add(parser)
    registry.add(parser.catalog)
    services: dict[str, Any] = {}
    for manifest in SERVICES:
        services[manifest.name] = manifest.build(env, registry)
        registry.add(services[manifest.name])
    return Services(
        url=settings.url,
        region=settings.region,
        database=env.database,
        clock=env.clock,
        ids=env.ids,
        wake=wake,
        registry=registry,
        server_proof=ServerProof(
            settings.home / "keys" / "tokens", frozenset(map(address_of, (settings.local_url, settings.url)))
        ),
        **services,
    )


def _environment(settings: Settings, clock: Clock, ids: Ids) -> ServiceEnvironment:
    folder = settings.home / "keys"
    token_keys, secret_keys, ledger_keys = (
        KeyRepository(folder / "tokens"),
        KeyRepository(folder / "secrets"),
        SigningKeys(folder / "ledger"),
    )
    token_keys.create()
    secret_keys.create()
    installation_id = _installation_id(folder / "installation", ids)
    ledger_keys.create(f"stratiform/{installation_id}")
    return ServiceEnvironment(
        home=settings.home,
        database=Database(settings.database),
        clock=clock,
        ids=ids,
        installation=Installation(id=installation_id, home=settings.home, clock=clock),
        token_keys=token_keys,
        secret_keys=secret_keys,
        ledger_keys=ledger_keys,
        bcrypt_rounds=settings.bcrypt_rounds,
        password_regex=settings.password_regex,
        password_regex_description=settings.password_regex_description,
        token_ttl_s=settings.token_ttl_s,
        image_size_cap=settings.image_size_cap,
        raw_messages_days=settings.raw_messages_days,
    )


def _installation_id(file: Path, ids: Ids) -> str:
    """Return the id that separates our resources in a cloud from another installation's; create it once."""
    if not file.exists():
        file.write_text(ids.hex())
    return file.read_text().strip()
