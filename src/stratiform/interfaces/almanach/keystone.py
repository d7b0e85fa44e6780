"""Asking a Keystone that isn't ours whose a token is.

Source: Identity API v3, "Validate and show information for token".
"""

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Any

from keystoneauth1 import session as sessions
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity import v3

from stratiform.interfaces.services import Services
from stratiform.kit.clock import MINUTE_US, Micros, parse_iso
from stratiform.kit.errors import Unauthenticated, Unavailable
from stratiform.kit.policy import Caller

#: An answer is used for at most so long: a revoked token is refused after that.
_KEPT_US = MINUTE_US

#: So many answers are kept; the oldest make room.
_KEPT = 1000

_TIMEOUT_S = 10

#: What a role brings along. Before the roles were common to all, members were `_member_` and there were no readers.
_IMPLIED = {
    "admin": ("manager", "member", "reader"),
    "manager": ("member", "reader"),
    "member": ("reader",),
    "_member_": ("member", "reader"),
}


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """The user that asks; it needs a role that may validate tokens (`service` or `admin`)."""

    username: str
    password: str = field(repr=False)
    project_name: str = "service"
    user_domain_id: str = ""
    user_domain_name: str = "Default"
    project_domain_name: str = "Default"


class RemoteKeystone:
    """A Keystone v3 at `url`. Answers are kept until the token ends, for a minute at most."""

    def __init__(self, url: str, user: ServiceUser) -> None:
        base = url.rstrip("/")
        self._url = base if base.endswith("/v3") else f"{base}/v3"
        auth = v3.Password(
            auth_url=self._url,
            username=user.username,
            password=user.password,
            project_name=user.project_name,
            project_domain_name=user.project_domain_name,
            user_domain_id=user.user_domain_id or None,
            user_domain_name=None if user.user_domain_id else user.user_domain_name,
        )
        self._session = sessions.Session(auth=auth, timeout=_TIMEOUT_S)
        self._kept: dict[bytes, tuple[Micros, Caller]] = {}
        self._lock = threading.Lock()

    def __call__(self, services: Services, token: str) -> Caller:
        """Raises Unauthenticated, Unavailable."""
        key, now = hashlib.sha256(token.encode()).digest(), services.clock.now()
        until, caller = self._kept.get(key, (0, None))
        if caller is not None and now < until:
            return caller
        ends, caller = self._asked(token)
        if now >= ends:
            raise Unauthenticated("Invalid token")
        with self._lock:
            self._kept.pop(key, None)
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = (min(ends, now + _KEPT_US), caller)
        return caller

    def _asked(self, token: str) -> tuple[Micros, Caller]:
        """When the token ends, and whose it is."""
        if not token.isascii() or not token.isprintable():
            raise Unauthenticated("Invalid token")
        try:
            answer = self._session.get(
                f"{self._url}/auth/tokens?nocatalog=1",
                headers={"X-Subject-Token": token, "Accept": "application/json"},
                raise_exc=False,
            )
        except ClientException as error:
            raise Unavailable(f"Keystone can't be asked about the token: {type(error).__name__}") from error
        if answer.status_code == 404:
            raise Unauthenticated("Invalid token")
        if answer.status_code != 200:
            raise Unavailable(f"Keystone answers {answer.status_code} to the question whose the token is")
        try:
            return _read(answer.json()["token"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unavailable("Keystone's answer about the token is not understood") from error


def _read(token: dict[str, Any]) -> tuple[Micros, Caller]:
    user, project, domain = token["user"], token.get("project"), token.get("domain")
    roles = {str(role["name"]).lower() for role in token.get("roles", ())}
    caller = Caller(
        user_id=str(user["id"]),
        user_name=str(user.get("name", "")),
        project_id=None if project is None else str(project["id"]),
        project_name="" if project is None else str(project.get("name", "")),
        domain_id=None if domain is None else str(domain["id"]),
        system="system" in token,
        roles=frozenset(roles.union(*(_IMPLIED.get(role, ()) for role in roles))),
    )
    return parse_iso(token["expires_at"]), caller
