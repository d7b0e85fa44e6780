"""Rules about imports that import-linter cannot express."""

from support.source import ROOT, imports, modules

SERVICES = {path.parent.name for path in (ROOT / "services").glob("*/manifest.py")}

#: The modules of a service that other packages may import.
PUBLIC_MODULES = {"service", "model", "events", "parsing", "errors", "policy"}

CLOUD_SDKS = {"boto3", "botocore", "cs", "grpc", "openstack", "yandexcloud", "libvirt"}

#: The command line signs in by openstacksdk, which reads all forms of clouds.yaml. Image data may be in S3.
SDK_IMPORTERS = {"interfaces/cli/sign_in.py", "services/image/stores/s3.py"}


def test_packages_import_only_public_modules_of_services() -> None:
    violations = []
    for path, tree in modules().items():
        package = path.split("/")
        if package[0] in ("app", "migrations"):
            continue
        for name in imports(tree):
            components = name.split(".")
            is_foreign = components[:2] == ["stratiform", "services"] and package[:2] != components[1:3]
            if is_foreign and len(components) > 3 and components[2] in SERVICES and components[3] not in PUBLIC_MODULES:
                violations.append(f"{path} imports {name}")
    assert violations == []


def test_cloud_sdks_are_imported_by_the_clients_of_connectors_only() -> None:
    packages = {path: {name.split(".")[0] for name in imports(tree)} for path, tree in modules().items()}
    importers = {path for path, names in packages.items() if names & CLOUD_SDKS}
    clients = {path for path in importers if path.startswith("connectors/") and path.endswith("/client.py")}
    assert importers - clients - SDK_IMPORTERS == set()


def test_types_are_available_to_importers() -> None:
    """PEP 561: type checkers ignore the annotations of a package without this file."""
    assert (ROOT / "py.typed").is_file()
