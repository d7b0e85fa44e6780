"""Access rules of application credentials. Source: Identity API v3, "Access Rules", and keystonemiddleware."""

import re
from collections.abc import Iterable
from functools import lru_cache

from stratiform.services.identity.model import JsonObject

_PART = re.compile(r"\*\*|\*|\{[^/{}]+\}")

#: Types of a service in the catalog, by the first segment of its path.
_SERVICE_TYPES = {"volume": {"block-storage", "volumev3", "volumev2", "volume"}}


def is_request_allowed(rules: Iterable[JsonObject] | None, method: str, path: str) -> bool:
    """Return True if a rule allows the request; None allows all.

    The first segment of `path` is the service; paths of rules start after it. In a rule's path, `*` and `{name}` match
    one segment, `**` matches several.
    """
    if rules is None:
        return True
    service, _, rest = path.lstrip("/").partition("/")
    services = _SERVICE_TYPES.get(service, {service})
    return any(
        rule["service"] in services
        and rule["method"] == method
        and _compile(rule["path"]).fullmatch("/" + rest) is not None
        for rule in rules
    )


@lru_cache(maxsize=1024)
def _compile(path: str) -> re.Pattern[str]:
    pattern, end = "", 0
    for match in _PART.finditer(path):
        pattern += re.escape(path[end : match.start()]) + (".+" if match[0] == "**" else "[^/]+")
        end = match.end()
    return re.compile(pattern + re.escape(path[end:]))
