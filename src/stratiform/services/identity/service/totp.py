"""Time-based one-time passwords. Source: RFC 6238, and Keystone's method `totp`."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from stratiform.kit.clock import SECOND_US, Micros

_STEP_S = 30
_DIGITS = 6

#: The current step and `[totp] included_previous_windows`, whose default in Keystone is 1.
_STEPS = 2


def find_step(passcode: str, shared: Sequence[str], now: Micros) -> int | None:
    """Return the step, now or the one before, in which one of the shared secrets (base32) results in the passcode."""
    step = now // SECOND_US // _STEP_S
    valid = [(compute_passcode(secret, step - age), step - age) for secret in shared for age in range(_STEPS)]
    matches = [
        at for code, at in valid if code and hmac.compare_digest(code.encode(), passcode.encode(errors="replace"))
    ]
    return matches[0] if matches else None


def compute_passcode(secret: str, step: int) -> str:
    """Return the passcode of a step; empty if the secret is not base32."""
    try:
        key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    except (binascii.Error, ValueError):
        return ""
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()  # the algorithm of RFC 6238's default
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)
