"""Manifests: every service has one, and nothing that a service declares is missing in it."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from sqlalchemy import Table

from stratiform import services
from stratiform.app.manifests import SERVICES
from stratiform.kit.policy import Rule
from stratiform.services.identity.policy import ResourceRules as IdentityResourceRules
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.manifest import ServiceManifest
from stratiform.services.network.policy import ResourceRules

PACKAGES = sorted(module.name for module in pkgutil.iter_modules(services.__path__) if module.ispkg)


def test_every_service_is_registered_once() -> None:
    assert sorted(manifest.name for manifest in SERVICES) == PACKAGES


@pytest.mark.parametrize("manifest", SERVICES, ids=lambda manifest: manifest.name)
def test_a_manifest_contains_every_table_and_rule_of_its_service(manifest: ServiceManifest) -> None:
    folder = Path(services.__path__[0]) / manifest.name
    declared = {"tables": Table, "policy": Rule}
    for module_name, declared_type in declared.items():
        if (folder / f"{module_name}.py").exists():
            module = importlib.import_module(f"stratiform.services.{manifest.name}.{module_name}")
            values = [item for value in vars(module).values() for item in flatten(value, declared_type)]
            contents = manifest.tables if declared_type is Table else manifest.rules
            assert list(contents) == values


def flatten(value: object, declared_type: type) -> Iterator[object]:
    """Yield a declared object, or those in a declared mapping or group of rules."""
    if isinstance(value, declared_type):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from flatten(item, declared_type)
    elif isinstance(value, ResourceRules | IdentityResourceRules):
        rules = (getattr(value, field.name) for field in fields(value))
        yield from (rule for rule in rules if isinstance(rule, declared_type))


def test_work_kinds_and_rule_names_are_unique() -> None:
    kinds = [kind for manifest in SERVICES for kind in manifest.recurring]
    rules = [rule.name for manifest in SERVICES for rule in manifest.rules]
    assert len(kinds) == len(set(kinds))
    assert len(rules) == len(set(rules))


def test_every_event_of_our_services_is_read_by_a_meter() -> None:
    parser = MessageParser.load()
    unread = [
        event_type
        for manifest in SERVICES
        for event_type in manifest.event_types
        if not parser.is_metered(event_type) and not parser.find_ignore_reason(event_type)
    ]
    assert unread == []
