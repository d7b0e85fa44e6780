"""A real OpenStack as the cloud of the connector. `make lab-clouds` runs the conformance tests against it.

OPENSTACK_LAB="AUTH_URL USER PASSWORD PROJECT" names it and its administrator. The resources that the tests need are
created once and kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.gnocchi import gnocchi_server
from support.openstack_cloud import (
    FAST_TYPE,
    MULTIATTACH_TYPE,
    OpenstackCloudUnderTest,
    connect_sdk,
    create_external_network,
    register_gnocchi,
    set_unlimited,
)

_NAME, _PASSWORD = "stratiform-conformance", "conformance-password"
_IMAGES = ("conformance-1", "conformance-2")
_FLAVORS = (("m1.tiny", 1, 512, 1), ("m1.small", 1, 2048, 20))


@contextmanager
def openstack_lab(upstream: str) -> Iterator[OpenstackCloudUnderTest]:
    """Connect to a real OpenStack as a member of a project of its own."""
    auth_url, username, password, project_name = upstream.split()
    admin = connect_sdk(auth_url, username, password, project_name)
    project = admin.identity.find_project(_NAME) or admin.identity.create_project(name=_NAME, domain_id="default")
    if admin.identity.find_user(_NAME) is None:
        user = admin.identity.create_user(name=_NAME, password=_PASSWORD, domain_id="default")
        role = admin.identity.find_role("member", ignore_missing=False)
        admin.identity.assign_project_role_to_user(project, user, role)
    set_unlimited(admin, project.id)
    for name, vcpus, ram, disk in _FLAVORS:
        if admin.compute.find_flavor(name) is None:
            admin.compute.create_flavor(name=name, vcpus=vcpus, ram=ram, disk=disk)
    for name, specs in ((FAST_TYPE, {}), (MULTIATTACH_TYPE, {"multiattach": "<is> True"})):
        if admin.block_storage.find_type(name) is None:
            admin.block_storage.create_type(name=name, extra_specs=specs)
    if admin.network.find_network("public") is None:
        create_external_network(admin)
    settings = {
        "auth_url": auth_url,
        "username": _NAME,
        "password": _PASSWORD,
        "project_name": _NAME,
        "inventory": "project",
        "multiattach_type": MULTIATTACH_TYPE,
        "external_network": "public",
    }
    with gnocchi_server() as gnocchi:
        service = register_gnocchi(admin, gnocchi)
        try:
            images = (_ensure_image(admin, _IMAGES[0]), _ensure_image(admin, _IMAGES[1]))
            yield OpenstackCloudUnderTest(settings, admin, images, gnocchi)
        finally:
            admin.identity.delete_service(service)


def _ensure_image(admin: Any, name: str) -> str:
    image = admin.image.find_image(name) or admin.image.create_image(
        name=name, container_format="bare", disk_format="raw", data=bytes(1 << 20), visibility="public", wait=True
    )
    return str(image.id)
