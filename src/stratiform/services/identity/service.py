"""The verbs of identity."""

from dataclasses import dataclass

from stratiform.kit.crypto import Keys
from stratiform.kit.ids import Ids


@dataclass(frozen=True, slots=True)
class IdentityService:
    """See the package's own page."""

    ids: Ids
    keys: Keys
    bcrypt_rounds: int
