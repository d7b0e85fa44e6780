"""The identity of a metered resource."""

from typing import NamedTuple


class Resource(NamedTuple):
    """The key of a resource. The same id in two clouds is two resources."""

    cloud: str
    resource_type: str
    resource_id: str
