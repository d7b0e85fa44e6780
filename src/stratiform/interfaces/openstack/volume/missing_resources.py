"""Declarations for resources of which there are none."""

from collections.abc import Callable

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.kit.errors import NotFound
from stratiform.kit.policy import Rule


def declare_empty_list(path: str, rule: Rule, key: str, since: int = 0) -> None:
    """Declare `GET path`, which returns an empty list."""

    @api.get(path, rule, since=since)
    def list_nothing(_request: ApiRequest) -> dict[str, list[str]]:
        """The list is always empty."""
        return {key: []}


def declare_missing(method: str, path: str, rule: Rule, noun: str, since: int = 0) -> None:
    """Declare an operation on one resource, which never exists."""
    declare = {"GET": api.get, "POST": api.post, "PUT": api.put, "DELETE": api.delete}[method]
    declare(path, rule, since=since)(build_not_found(noun))


def build_not_found(noun: str) -> Callable[..., None]:
    """Return a function that raises Cinder's error for the resource in the path."""

    def raise_not_found(_request: ApiRequest, *values: str, **parameters: str) -> None:
        """No such resource exists (404)."""
        value = next(iter([*values, *parameters.values()]))
        raise NotFound(f"{noun} {value} could not be found.")

    return raise_not_found
