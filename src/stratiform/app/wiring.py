"""Builds the services of an installation from their manifests."""

from collections.abc import Callable
from typing import Any

from stratiform.app.manifests import SERVICES
from stratiform.app.settings import Settings
from stratiform.contract.connector import Installation
from stratiform.interfaces.services import Services
from stratiform.kit.clock import Clock, SystemClock
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids, RandomIds
from stratiform.kit.installation_keys import InstallationKeys
from stratiform.kit.policy import Check, override_rules
from stratiform.kit.policy_files import load_policy_file
from stratiform.kit.server_proof import ServerProof, address_of
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.manifest import ServiceEnvironment, ServiceRegistry


def build_services(
    settings: Settings,
    *,
    database: Database | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
    wake: Callable[[], None] = lambda: None,
) -> Services:
    """Build every service. Needs the keys of the installation, but does not connect to the database."""
    override_policy_rules(settings)
    database = Database(settings.database) if database is None else database
    env = _environment(settings, database, clock or SystemClock(), ids or RandomIds())
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


def override_policy_rules(settings: Settings) -> None:
    """Apply the policy file to all rules. Raises: Invalid if there is something wrong with it."""
    checks: dict[str, Check] = {}
    if settings.policy_file:
        rules = [rule for manifest in SERVICES for rule in manifest.rules]
        checks = load_policy_file(settings.home / settings.policy_file, rules)
    override_rules(checks)


def _environment(settings: Settings, database: Database, clock: Clock, ids: Ids) -> ServiceEnvironment:
    keys = InstallationKeys(settings.home / "keys")
    return ServiceEnvironment(
        home=settings.home,
        database=database,
        clock=clock,
        ids=ids,
        installation=Installation(id=keys.installation_id, home=settings.home, clock=clock),
        token_keys=keys.tokens,
        secret_keys=keys.secrets,
        ledger_keys=keys.ledger,
        bcrypt_rounds=settings.bcrypt_rounds,
        password_regex=settings.password_regex,
        password_regex_description=settings.password_regex_description,
        security_compliance=settings.security_compliance,
        admin_project_name=settings.admin_project_name,
        identity_backends=settings.identity_backends,
        token_ttl_s=settings.token_ttl_s,
        image_settings=settings.image_settings,
        volume_quotas=settings.volume_quotas,
        raw_messages_days=settings.raw_messages_days,
        publishes_notifications=bool(settings.notification_url),
        reclaim_instance_interval_s=settings.reclaim_instance_interval,
        enable_instance_password=settings.enable_instance_password,
        compute_quotas=settings.compute_quotas,
        novnc_url=settings.novnc_url,
        serial_console_url=settings.serial_url,
        console_token_ttl_s=settings.console_token_ttl,
        dhcp_domain=settings.dhcp_domain,
        vendor_data=settings.load_vendor_data(),
    )
