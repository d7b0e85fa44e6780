"""The `adminPass` of servers: chosen by the client or here, returned once, and neither stored nor logged."""

import secrets

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ApiRequest

#: Groups of characters without those that look alike; a password has at least one of each. Source: nova/utils.py.
_GROUPS = ("23456789", "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz")
_LENGTH = 12


def choose_admin_password(request: ApiRequest, requested: str | UnsetType) -> str | UnsetType:
    """Return the password of a response: the requested one or a new one; UNSET if a setting disables passwords."""
    if not request.services.compute.enable_instance_password:
        return UNSET
    return requested if isinstance(requested, str) else _generate_password()


def _generate_password() -> str:
    characters = [secrets.choice(group) for group in _GROUPS]
    characters += [secrets.choice("".join(_GROUPS)) for _ in range(_LENGTH - len(_GROUPS))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
