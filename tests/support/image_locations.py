"""The Image API of an installation with locations, a store for web servers, and a bucket."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stratiform.kit.work_queue import Worker
from stratiform.services.image.model import StoreSettings
from stratiform.services.image.tasks import build_handlers
from support.callers import Callers, open_callers
from support.stacks import build_harness

IMAGES = "/image/v2/images"
STORES = (StoreSettings("web", kind="http"), StoreSettings("objects", kind="s3", bucket="b", prefix="p/"))
#: The start of the addresses of objects in the bucket.
BUCKET = "s3+https://s3.amazonaws.com/b/p/"
#: The hash of the data of `support.web_images`.
SHA512 = hashlib.sha512(b"x" * 100_000).hexdigest()
_V21 = {"content-type": "application/openstack-images-v2.1-json-patch"}
Document = dict[str, Any]


@contextmanager
def open_api(home: Path, **settings: Any) -> Iterator[Callers]:
    """The API of an installation with a store for web servers, which may be this machine."""
    defaults = {"image_stores": STORES, "image_import_networks": ("127.0.0.0/8",), "show_multiple_locations": True}
    with open_callers(build_harness(home, **{**defaults, **settings})) as api:
        yield api


def run_worker(api: Callers) -> None:
    services = api.harness.services
    Worker(services.database, build_handlers(services.image), name="w", clock=api.harness.clock).run_until_idle()


def create(api: Callers, **attributes: Any) -> Document:
    return dict(api.ok("POST", IMAGES, json={"disk_format": "raw", "container_format": "bare", **attributes}))


def show(api: Callers, image: Document, caller: str = "green") -> Document:
    return dict(api.ok("GET", f"{IMAGES}/{image['id']}", caller))


def patch(api: Callers, image: Document, op: str, path: str, value: Any = None, caller: str = "green") -> Any:
    body = [{"op": op, "path": path, **({} if op == "remove" else {"value": value})}]
    return api.request("PATCH", f"{IMAGES}/{image['id']}", caller, json=body, headers=_V21)


def add(api: Callers, image: Document, url: str, **values: Any) -> int:
    response = patch(api, image, "add", "/locations/-", {"url": url, "metadata": {}, **values})
    return int(response.status_code)
