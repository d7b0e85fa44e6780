"""Rules about imports that import-linter cannot express."""

from support.source import ROOT, imports, modules

SERVICES = {path.parent.name for path in (ROOT / "services").glob("*/manifest.py")}

#: The modules of a service that other packages may import.
PUBLIC_MODULES = {"service", "model", "events", "errors", "policy"}

CLOUD_SDKS = {"boto3", "botocore", "cs", "openstack", "yandexcloud", "libvirt"}


def test_packages_import_only_public_modules_of_services() -> None:
    violations = []
    for path, tree in modules().items():
        package = path.split("/")
        if package[0] in ("app", "migrations"):
            continue
        for name in imports(tree):
            parts = name.split(".")
            is_foreign = parts[:2] == ["stratiform", "services"] and package[:2] != parts[1:3]
            if is_foreign and len(parts) > 3 and parts[2] in SERVICES and parts[3] not in PUBLIC_MODULES:
                violations.append(f"{path} imports {name}")
    assert violations == []


#: The command line signs in with the configuration files and the environment of the `openstack` client.
SDK_CONFIGURATION_USERS = {"interfaces/cli/sign_in.py"}


def test_cloud_sdks_are_imported_by_the_clients_of_connectors_only() -> None:
    users = {path for path, tree in modules().items() if {name.split(".")[0] for name in imports(tree)} & CLOUD_SDKS}
    assert {path for path in users if not path.endswith("/client.py")} == SDK_CONFIGURATION_USERS
