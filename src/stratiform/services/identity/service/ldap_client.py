"""Client of one LDAP directory. Source: RFC 4511, RFC 4515, and keystone/identity/backends/ldap.

Searches use a pool of connections with time limits. A user's password is checked with a connection of its own, which
is never used for anything else.
"""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, Full, LifoQueue
from typing import Any, TypeVar

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn

from stratiform.kit.errors import Unavailable
from stratiform.services.identity.model.ldap import LdapGroup, LdapSettings, LdapUser

T = TypeVar("T")

_SUCCESS, _NO_SUCH_OBJECT, _SIZE_LIMIT_EXCEEDED = 0, 32, 4
#: Results of a bind that mean a wrong password or a user who may not sign in, not a broken directory.
_REFUSED = frozenset({19, 32, 34, 48, 49, 50, 53})


class LdapClient:
    """Searches a directory, and checks passwords. Thread-safe.

    All methods contact the directory: do not call them in a transaction. They raise Unavailable if no server responds.
    """

    def __init__(self, settings: LdapSettings) -> None:
        self.settings = settings
        self._idle: LifoQueue[tuple[ldap3.Connection, float]] = LifoQueue(settings.pool_size)
        self._urls = [url.strip() for url in settings.url.split(",")]

    def close(self) -> None:
        """Close the idle connections."""
        while not self._idle.empty():
            _close(self._idle.get_nowait()[0])

    def find_user(self, name: str) -> LdapUser | None:
        condition = f"({self.settings.user_name_attribute}={escape_filter_chars(name)})"
        return next(iter(self._search_users(condition)), None)

    def find_user_by_id(self, local_id: str) -> LdapUser | None:
        condition = f"({self.settings.user_id_attribute}={escape_filter_chars(local_id)})"
        return next(iter(self._search_users(condition)), None)

    def list_users(self) -> Sequence[LdapUser]:
        return self._search_users("")

    def list_groups(self) -> Sequence[LdapGroup]:
        return self._search_groups("")

    def list_user_groups(self, user: LdapUser) -> Sequence[LdapGroup]:
        """Return the groups of which a user is a direct member."""
        member = user.local_id if self.settings.group_members_are_ids else user.dn
        return self._search_groups(f"({self.settings.group_member_attribute}={escape_filter_chars(member)})")

    def is_member(self, group: LdapGroup, user: LdapUser) -> bool:
        if self.settings.group_members_are_ids:
            return user.local_id in group.members
        return _normalize_dn(user.dn) in {_normalize_dn(member) for member in group.members}

    def check_password(self, user: LdapUser, password: str) -> bool:
        """Return True if the user can bind with the password. An empty one would be an anonymous bind."""
        if not password or not user.dn or not user.enabled:
            return False
        try:
            connection = self._connect(user.dn, password)
        except _BindRefused:
            return False
        except (LDAPException, OSError) as error:
            raise self._build_unavailable(error) from error
        _close(connection)
        return True

    def _search_users(self, condition: str) -> Sequence[LdapUser]:
        s = self.settings
        names = (s.user_id_attribute, s.user_name_attribute, s.user_mail_attribute, s.user_description_attribute)
        query = f"(&(objectClass={s.user_objectclass}){s.user_filter}{condition})"
        entries = self._search(s.users_dn, query, [*names, s.user_enabled_attribute])
        users = [self._build_user(dn, attributes) for dn, attributes in entries]
        return [user for user in users if user.local_id and user.name]

    def _build_user(self, dn: str, attributes: Mapping[str, list[str]]) -> LdapUser:
        s = self.settings
        return LdapUser(
            _first(attributes, s.user_id_attribute),
            dn,
            _first(attributes, s.user_name_attribute),
            _first(attributes, s.user_mail_attribute),
            _first(attributes, s.user_description_attribute),
            self._is_enabled(_first(attributes, s.user_enabled_attribute)) if s.user_enabled_attribute else True,
        )

    def _is_enabled(self, value: str) -> bool:
        """Return whether a user is enabled. A bit of the mask, such as Active Directory's, disables the user."""
        s = self.settings
        if s.user_enabled_mask:
            is_set = value.isdecimal() and bool(int(value) & s.user_enabled_mask)
            return is_set if s.user_enabled_invert else not is_set
        if not value:
            return True
        is_true = value.lower() in ("true", "1", "yes", "on")
        return is_true != s.user_enabled_invert

    def _search_groups(self, condition: str) -> Sequence[LdapGroup]:
        s = self.settings
        names = [s.group_id_attribute, s.group_name_attribute, s.group_desc_attribute, s.group_member_attribute]
        query = f"(&(objectClass={s.group_objectclass}){s.group_filter}{condition})"
        groups = [
            LdapGroup(
                _first(attributes, s.group_id_attribute),
                dn,
                _first(attributes, s.group_name_attribute),
                _first(attributes, s.group_desc_attribute),
                tuple(attributes.get(s.group_member_attribute.lower(), ())),
            )
            for dn, attributes in self._search(s.groups_dn, query, names)
        ]
        return [group for group in groups if group.local_id and group.name]

    def _search(self, base: str, query: str, attributes: Sequence[str]) -> list[tuple[str, dict[str, list[str]]]]:
        """Return the DN and the attributes, whose names are in lower case, of all entries that match."""
        scope = ldap3.LEVEL if self.settings.query_scope == "one" else ldap3.SUBTREE
        options: dict[str, Any] = {
            "search_scope": scope,
            "attributes": sorted({name for name in attributes if name}),
            "time_limit": self.settings.connection_timeout,
        }
        if self.settings.page_size:
            options["paged_size"] = self.settings.page_size

        def search(connection: ldap3.Connection) -> list[tuple[str, dict[str, list[str]]]]:
            entries: list[tuple[str, dict[str, list[str]]]] = []
            cookie: Any = None
            while True:
                paged = {"paged_cookie": cookie} if cookie else {}
                _, result, response, _ = connection.search(base, query, **options, **paged)
                if result["result"] not in (_SUCCESS, _NO_SUCH_OBJECT):
                    raise LDAPException(result["description"])
                entries += [_decode(entry) for entry in response or () if entry["type"] == "searchResEntry"]
                control = result.get("controls", {}).get("1.2.840.113556.1.4.319")
                cookie = control["value"]["cookie"] if control else None
                if not cookie:
                    return entries

        return self._run(search)

    def _run(self, operation: Callable[[ldap3.Connection], T]) -> T:
        """Run an operation with a pooled connection, and again with a new one if the server has closed it."""
        with self._translate_errors():
            pooled = self._take_idle()
            if pooled is not None:
                try:
                    return self._finish(operation, *pooled)
                except (LDAPException, OSError):
                    pass  # closed since; a new connection follows
            try:
                connection = self._connect(self.settings.user, self.settings.password)
            except _BindRefused as error:
                raise LDAPException(f"bind refused user={self.settings.user}") from error
            return self._finish(operation, connection, time.monotonic())

    def _take_idle(self) -> tuple[ldap3.Connection, float] | None:
        while True:
            try:
                connection, opened_at = self._idle.get_nowait()
            except Empty:
                return None
            if time.monotonic() - opened_at < self.settings.pool_connection_lifetime:
                return connection, opened_at
            _close(connection)

    def _finish(self, operation: Callable[[ldap3.Connection], T], connection: ldap3.Connection, opened_at: float) -> T:
        try:
            result = operation(connection)
        except BaseException:
            _close(connection)
            raise
        try:
            self._idle.put_nowait((connection, opened_at))
        except Full:
            _close(connection)
        return result

    def _connect(self, user: str, password: str) -> ldap3.Connection:
        """Return a connection to the first server that responds."""
        for url in self._urls[:-1]:
            try:
                return self._bind(url, user, password)
            except (LDAPException, OSError):
                continue  # the next server follows
        return self._bind(self._urls[-1], user, password)

    def _bind(self, url: str, user: str, password: str) -> ldap3.Connection:
        connection = ldap3.Connection(
            _build_server(self.settings, url),  # a server object keeps for a while that it was not reachable
            user=user or None,
            password=password or None,
            client_strategy=ldap3.SAFE_SYNC,
            read_only=True,
            auto_referrals=False,
            receive_timeout=self.settings.connection_timeout,
        )
        try:
            connection.open()
            if self.settings.use_tls:
                connection.start_tls()
            _, result, _, _ = connection.bind()
        except BaseException:
            _close(connection)
            raise
        if result["result"] != _SUCCESS:
            _close(connection)
            if result["result"] in _REFUSED:
                raise _BindRefused
            raise LDAPException(result["description"])
        return connection

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (LDAPException, OSError) as error:
            raise self._build_unavailable(error) from error

    def _build_unavailable(self, error: Exception) -> Unavailable:
        reason = f"directory not available domain={self.settings.domain} error={type(error).__name__}: {error}"
        return Unavailable("The directory of the domain is unavailable. Try again later.", reason=reason)


class _BindRefused(Exception):
    """The directory does not accept the DN and the password."""


def _build_server(settings: LdapSettings, url: str) -> ldap3.Server:
    validate = ssl.CERT_NONE if settings.tls_req_cert == "never" else ssl.CERT_REQUIRED
    tls = ldap3.Tls(validate=validate, ca_certs_file=settings.tls_cacertfile or None)
    return ldap3.Server(url, tls=tls, get_info=ldap3.NONE, connect_timeout=settings.connection_timeout)


def _close(connection: ldap3.Connection) -> None:
    with suppress(LDAPException, OSError):  # it may be closed already
        connection.unbind()
    if connection.socket is not None:  # of a connection that was not opened
        connection.socket.close()


def _decode(entry: Mapping[str, Any]) -> tuple[str, dict[str, list[str]]]:
    attributes = {
        name.lower(): [value.decode(errors="replace") for value in values]
        for name, values in entry["raw_attributes"].items()
    }
    return str(entry["dn"]), attributes


def _first(attributes: Mapping[str, list[str]], name: str) -> str:
    return next(iter(attributes.get(name.lower(), ())), "")


def _normalize_dn(dn: str) -> str:
    """Return a DN in a form in which equal ones are equal: without case and spaces."""
    try:
        return ",".join(
            f"{name.strip().lower()}={value.strip().lower()}" for name, value, _ in parse_dn(dn, strip=True)
        )
    except LDAPException:
        return dn.lower()
