"""Hypothesis profiles: `dev` with few examples (the default), `ci` with all (CI=true or HYPOTHESIS_PROFILE=ci).

Importing this module loads the profile; `tests/conftest.py` does so before it imports a module with property tests.
"""

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "dev")

#: The share of a test's examples that each profile runs.
_SHARES = {"dev": 0.2, "ci": 1.0}
_DEFAULT_EXAMPLES = 100
_MIN_EXAMPLES = 10


def examples(count: int, profile: str = PROFILE) -> int:
    """Return how many of a test's `count` examples to run in `profile`: its share, but at least 10."""
    return max(round(count * _SHARES[profile]), min(count, _MIN_EXAMPLES))


for _name in _SHARES:
    # No deadline and no check of speed: an example that is slow on a busy machine is not a defect.
    settings.register_profile(
        _name,
        deadline=None,
        max_examples=examples(_DEFAULT_EXAMPLES, _name),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
settings.load_profile(PROFILE)
