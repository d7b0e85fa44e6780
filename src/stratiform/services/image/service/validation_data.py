"""Hashes that a client states for data it registers. Source of texts and statuses: glance/api/v2/images.py."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.image.model import OS_HASH_ALGO, Image, NewLocation

_MD5_BYTES = 16


def check_hash_length(values: Mapping[str, str]) -> None:
    """Raises Invalid if `os_hash_value` is not a hash of the algorithm."""
    if not values:
        return
    algorithm, value = values["os_hash_algo"], values["os_hash_value"]
    length = _find_length(value)
    if length is None:
        raise Invalid(f"os_hash_value ({value}) is not a valid hexadecimal value")
    expected = hashlib.new(algorithm, usedforsecurity=False).digest_size
    if length != expected:
        raise Invalid(
            f"os_hash_value: ({value}) is not the correct size for ({algorithm}) (should be ({expected}) bytes)"
        )


def merge_validation_data(image: Image, locations: Sequence[NewLocation]) -> dict[str, str]:
    """Return the attributes that the locations set. Raises Conflict if they contradict each other or the image."""
    merged: dict[str, str] = {}
    for location in locations:
        for name, value in location.validation_data.items():
            if merged.setdefault(name, value) != value:
                raise Conflict(f"Conflicting values for {name}")
    new = {name: value for name, value in merged.items() if value != getattr(image, name)}
    for name in new:
        if getattr(image, name):
            raise Conflict(f"{name} is already set with a different value")
    if not new:
        return {}
    if image.status != "queued":
        raise Conflict(f"New value(s) for {', '.join(new)} may only be provided when image status is 'queued'")
    _check_new_values(new)
    return new


def set_hashes(image: Image, values: Mapping[str, str]) -> Image:
    """Return the image with the hashes that a client states."""
    return replace(
        image,
        checksum=values.get("checksum", image.checksum),
        os_hash_algo=values.get("os_hash_algo", image.os_hash_algo),
        os_hash_value=values.get("os_hash_value", image.os_hash_value),
    )


def _check_new_values(values: Mapping[str, str]) -> None:
    """Raises Conflict."""
    if "checksum" in values:
        _check_length("checksum", values["checksum"], "md5", _MD5_BYTES)
    if values.get("os_hash_algo") != OS_HASH_ALGO:
        raise Conflict(f"os_hash_algo must be {OS_HASH_ALGO}, not {values.get('os_hash_algo')}")
    _check_length("os_hash_value", values["os_hash_value"], OS_HASH_ALGO, hashlib.new(OS_HASH_ALGO).digest_size)


def _check_length(name: str, value: str, algorithm: str, expected: int) -> None:
    length = _find_length(value)
    if length is None:
        raise Conflict(f"{name} ({value}) is not a valid hexadecimal value")
    if length != expected:
        raise Conflict(f"{name} ({value}) is not the correct size for {algorithm} (should be {expected} bytes)")


def _find_length(value: str) -> int | None:
    """Return the number of bytes of a hexadecimal number, or None if it is none."""
    try:
        return len(bytes.fromhex(value))
    except ValueError:
        return None
