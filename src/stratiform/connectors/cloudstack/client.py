"""Access to CloudStack: the `cs` client with a timeout, translation of its errors, lists by pages, jobs.

Requests are POST requests, so that the API key, the signature and user data are in no URL, and so in no error and log.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from cs import CloudStack, CloudStackApiException, CloudStackException

from stratiform.connectors.cloudstack.errors import InvalidResponse, translate_error
from stratiform.connectors.cloudstack.markers import CREATION_JOB_KEY, Marker
from stratiform.connectors.cloudstack.responses import Item, read_int, read_items
from stratiform.connectors.cloudstack.settings import CloudStackSettings
from stratiform.contract.connector import AccountInfo
from stratiform.contract.errors import CloudError, CloudThrottled, CloudUnreachable, NativeNotFound, RequestRejected
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import is_uint

_log = logging.getLogger(__name__)

_PAGE_SIZE = 200  # a page has at most 500 items, unless the operator changes `default.page.size`
_LIST_ATTEMPTS = 3
_ITEM_KEYS = ("id", "zoneid", "datastoreid")
_READ_ATTEMPTS = 3
_RETRY_INTERVAL_S = 0.5
_MAX_RETRY_AFTER_S = 5

#: Seconds between requests for the result of a short job, such as a change of tags: 12 s in all.
_JOB_INTERVALS_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 1, 1, 2, 2, 2.5)

#: Attempts, and seconds between them, to find a new resource.
_VISIBILITY_ATTEMPTS = 8
_VISIBILITY_INTERVAL_S = 0.5

#: Seconds after which a resource that is not listed does not exist.
_MAX_DELAY_S = 300

_PENDING, _FAILED = 0, 2
_MAX_FINISHED_JOBS = 10_000
_BASIC = "Basic"


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone. In a basic zone, or an advanced zone with security groups, servers share networks of the operator."""

    id: str
    name: str
    is_basic: bool
    has_security_groups: bool


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The last creation of a resource: its time (`time.monotonic`), and whether CloudStack accepted it."""

    at: float
    is_answered: bool


@dataclass(slots=True)
class _Lock:
    """The lock of a resource, and the number of threads that have or await it."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0


class Client:
    """The API of one account. Thread-safe, as `requests` sessions are for this use."""

    def __init__(self, settings: CloudStackSettings, installation_id: str) -> None:
        self.settings = settings
        self.installation_id = installation_id
        self._locks: dict[tuple[str, str], _Lock] = {}
        self._locks_lock = threading.Lock()
        self._attempts: dict[tuple[str, str], _Attempt] = {}
        self._zones: dict[str, Zone] = {}
        self._finished_jobs: set[str] = set()
        self._api = CloudStack(
            endpoint=settings.endpoint,
            key=settings.api_key,
            secret=settings.secret_key,
            method="post",
            timeout=settings.timeout_s,
            verify=settings.verify or None,
            dangerous_no_tls_verify=not settings.verify,
        )

    def request(self, command: str, /, **params: object) -> Item:
        """Send a request and return the content of its response; empty parameters are omitted.

        Requests that only read are repeated without a response; others are not, because CloudStack may have
        executed them. Requests that CloudStack refused because of their rate are repeated.
        Raises: errors of contract.errors.
        """
        if self.settings.project_id and command != "queryAsyncJobResult":
            params.setdefault("projectid", self.settings.project_id)
        params = {name: value for name, value in params.items() if value not in ("", None, [], ())}
        is_read = command.startswith(("list", "query"))
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return self._send(command, params)
            except CloudUnreachable as error:
                delay_s = _get_delay(error, is_read=is_read)
                if delay_s is None or attempt == _READ_ATTEMPTS:
                    raise
                time.sleep(delay_s)
        raise AssertionError  # the last attempt returns or raises

    def list_all(self, command: str, key: str, /, **params: object) -> list[Item]:
        """Return all items of a list, each once.

        Pages shift while resources are created and deleted: an item may then be repeated or skipped. The list is read
        again if it has fewer items than CloudStack counts, or pages have different counts. Raises: CloudUnreachable if
        it stays incomplete.
        """
        for _ in range(_LIST_ATTEMPTS):
            items, count, is_stable = self._read_pages(command, key, params)
            if is_stable and len(items) >= count:
                return list({str(item["id"]): item for item in reversed(items.values())}.values())[::-1]
        reason = f"is incomplete: {len(items)} of {count} items" if is_stable else "changes while it is read"
        raise CloudUnreachable(f"CloudStack's response to {command} {reason}")

    def find_item(self, command: str, key: str, /, **params: object) -> Item | None:
        """Return the only item of a list, or None if it is empty or its resource does not exist."""
        try:
            items = self.list_all(command, key, **params)
        except NativeNotFound:
            return None
        return items[0] if items else None

    def run_job(self, command: str, /, **params: object) -> Item:
        """Send a request and return the result of its job, which is a short one, or was started before.

        Raises: CloudUnreachable if the job takes longer than 12 s; errors of contract.errors for the job's failure.
        """
        response = self.request(command, **params)
        job_id = response.get("jobid")
        return response if job_id is None else self._wait_for_job(str(job_id))

    def wait_for_jobs(self, responses: Iterable[Item]) -> None:
        """Wait for the jobs of several requests. Raises: as `run_job`."""
        for response in responses:
            if response.get("jobid") is not None:
                self._wait_for_job(str(response["jobid"]))

    def get_job(self, job_id: str) -> Item:
        """Return a job: its `cmd`, `jobstatus` and `jobresult`. Raises: NativeNotFound after a day or so."""
        return self.request("queryAsyncJobResult", jobid=job_id)

    def find_failure(self, job_id: str) -> CloudError | None:
        """Return the error of a failed job; None if it is pending, was successful, or is forgotten.

        Jobs that were successful are remembered, so that lists request them once.
        """
        if job_id in self._finished_jobs:
            return None
        try:
            job = self.get_job(job_id)
        except NativeNotFound:
            job = {}
        if job.get("jobstatus") == _FAILED:
            return translate_job_error(job)
        if job.get("jobstatus") != _PENDING:
            if len(self._finished_jobs) >= _MAX_FINISHED_JOBS:
                self._finished_jobs.clear()
            self._finished_jobs.add(job_id)
        return None

    def create_once(self, kind: str, token: str, find: Callable[[], Item | None], create: Callable[[], Item]) -> Item:
        """Return the resource with a token if `find` finds it, else create it and wait until `find` does.

        If the last creation was not answered, the resource may exist without being listed yet: `find` is repeated
        before it is created again. The job of the creation is the item's attribute `CREATION_JOB_KEY`.
        Raises: CloudUnreachable if CloudStack accepted the creation and does not list the resource.
        """
        key = (kind, token)
        with self.locking(kind, token):
            attempt = self._attempts.get(key)
            is_recent = attempt is not None and time.monotonic() - attempt.at < _MAX_DELAY_S
            existing = self._find_repeatedly(find) if is_recent else find()
            if existing is not None:
                self._attempts.pop(key, None)
                return existing
            if attempt is not None and is_recent and attempt.is_answered:
                raise CloudUnreachable(f"CloudStack does not list the new {kind} yet")
            self._attempts[key] = _Attempt(time.monotonic(), is_answered=False)
            try:
                response = create()
            except CloudError as error:
                if isinstance(error, CloudThrottled) or not isinstance(error, CloudUnreachable):
                    del self._attempts[key]
                raise
            self._attempts[key] = _Attempt(time.monotonic(), is_answered=True)
            created = self._find_repeatedly(find)
            if created is None:
                raise CloudUnreachable(f"CloudStack does not list the new {kind} yet")
            del self._attempts[key]
            return {**created, CREATION_JOB_KEY: response.get("jobid")}

    @contextmanager
    def locking(self, kind: str, token: str) -> Iterator[None]:
        """Serialize the changes of one resource in this process, as CloudStack has no idempotency tokens."""
        with self._locks_lock:
            lock = self._locks.setdefault((kind, token), _Lock())
            lock.users += 1
        try:
            with lock.lock:
                yield
        finally:
            with self._locks_lock:
                lock.users -= 1
                if not lock.users:
                    del self._locks[kind, token]

    def _find_repeatedly(self, find: Callable[[], Item | None]) -> Item | None:
        for number in range(_VISIBILITY_ATTEMPTS):
            if number:
                time.sleep(_VISIBILITY_INTERVAL_S)
            item = find()
            if item is not None:
                return item
        return None

    def add_tags(self, resource_type: str, resource_id: str, tags: Mapping[str, str]) -> None:
        """Add tags to a new resource without waiting for the job.

        The marker in its name identifies the resource without tags: if they are refused, it is complete nevertheless.
        """
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        try:
            self.request("createTags", resourcetype=resource_type, resourceids=resource_id, tags=pairs)
        except CloudUnreachable:
            raise
        except CloudError as error:
            _log.warning("tags refused cloud=%s error=%r", self.settings.endpoint, error.message)

    def replace_tags(
        self, resource_type: str, resource_id: str, current: Iterable[str], tags: Mapping[str, str]
    ) -> None:
        """Delete the tags with the keys `current`, and add others."""
        keys = [{"key": key} for key in sorted(current)]
        if keys:
            self.run_job("deleteTags", resourcetype=resource_type, resourceids=resource_id, tags=keys)
        if tags:
            pairs = [{"key": key, "value": value} for key, value in tags.items()]
            self.run_job("createTags", resourcetype=resource_type, resourceids=resource_id, tags=pairs)

    def build_marker(self, token: str, role: str = "") -> Marker:
        return Marker(self.installation_id, token, role)

    def resolve_zone(self, name: str = "") -> Zone:
        """Return a zone by its name or id, the account's own if `name` is empty. Raises: RequestRejected."""
        zone_name = name or self.settings.zone
        if zone_name not in self._zones:
            self._zones = {key: zone for zone in self._list_zones() for key in (zone.id, zone.name)}
        if zone_name not in self._zones:
            raise RequestRejected(f"zone '{zone_name}' not found in CloudStack")
        return self._zones[zone_name]

    def check_credentials(self) -> AccountInfo:
        """Return the account and the zones. Raises: Invalid if ours is not among them."""
        zones = self._list_zones()
        names = tuple(sorted(zone.name for zone in zones))
        if self.settings.zone not in {key for zone in zones for key in (zone.id, zone.name)}:
            raise Invalid(
                f"zone '{self.settings.zone}' not found in CloudStack", hint=f"zones: {', '.join(names) or 'none'}"
            )
        return AccountInfo(identity=self.get_account_name(), zones=names)

    def get_account_name(self) -> str:
        """Return the names of the domain and the account of our user."""
        account = self.get_account()
        return f"{account.get('domain', '')}/{account.get('name', '')}"

    def get_account(self) -> Item:
        """Return the account of our user: `name`, `domain`, and numbers of resources such as `vmtotal`."""
        accounts = read_items("listAccounts", self.request("listAccounts", page=1, pagesize=1), "account")
        if not accounts:
            raise InvalidResponse("CloudStack lists no account of the user")
        return accounts[0]

    def _list_zones(self) -> list[Zone]:
        return [
            Zone(
                id=str(zone["id"]),
                name=str(zone["name"]),
                is_basic=zone.get("networktype") == _BASIC,
                has_security_groups=bool(zone.get("securitygroupsenabled")),
            )
            for zone in self.list_all("listZones", "zone", available=True)
        ]

    def _read_pages(
        self, command: str, key: str, params: Mapping[str, object]
    ) -> tuple[dict[tuple[object, ...], Item], int, bool]:
        """Return the items of all pages, their number according to CloudStack, and whether it was always the same.

        It lists templates once for each zone, and snapshots once for each storage.
        """
        items: dict[tuple[object, ...], Item] = {}
        count = 0
        sizes: list[tuple[int, int]] = []  # the count and the number of items of each page that has a count
        for page in range(1, 1_000_000):
            response = self.request(command, page=page, pagesize=_PAGE_SIZE, **params)
            batch = read_items(command, response, key)
            items |= {tuple(str(item.get(name)) for name in _ITEM_KEYS): item for item in batch}
            page_count = read_int(response.get("count"))
            count = page_count or count
            sizes += [(page_count, len(batch))] if page_count else []
            # The count of public addresses is that of the page, so a full page of this size may not be the last one.
            if len(batch) < _PAGE_SIZE or len(batch) < count <= len(items):
                break
        is_stable = len({total for total, _ in sizes}) <= 1 or all(total == size for total, size in sizes)
        return items, count, is_stable

    def _wait_for_job(self, job_id: str) -> Item:
        for interval_s in _JOB_INTERVALS_S:
            job = self.get_job(job_id)
            if job.get("jobstatus") == _FAILED:
                raise translate_job_error(job)
            if job.get("jobstatus") != _PENDING:
                result = job.get("jobresult")
                return result if isinstance(result, dict) else {}
            time.sleep(interval_s)
        raise CloudUnreachable(f"CloudStack has not finished job {job_id} yet")

    def _send(self, command: str, params: Mapping[str, object]) -> Item:
        endpoint = self.settings.endpoint
        try:
            response = getattr(self._api, command)(**params)
        except CloudStackApiException as error:
            raise _translate_response(error) from None
        except CloudStackException as error:
            raise _translate_invalid_response(error, endpoint) from None
        except (requests.RequestException, OSError) as error:
            # The text of the error is not used, because it may contain parts of the request.
            raise CloudUnreachable(
                f"CloudStack at {endpoint} does not respond: {type(error).__name__}",
                hint="check the endpoint and the network",
            ) from None
        if not isinstance(response, dict):
            raise InvalidResponse(f"invalid response from CloudStack at {endpoint}")
        return response


def translate_job_error(job: Mapping[str, Any]) -> CloudError:
    """Return the contract's error for a failed job."""
    result = job.get("jobresult")
    details = result if isinstance(result, dict) else {"errortext": str(result or "")}
    code = details.get("errorcode") or job.get("jobresultcode") or 0
    return translate_error(
        read_int(code), read_int(details.get("cserrorcode")), str(details.get("errortext", "")), in_job=True
    )


def _translate_response(error: CloudStackApiException) -> CloudError:
    details = error.error if isinstance(error.error, dict) else {}
    code = read_int(details.get("errorcode")) or _get_status(error)
    translated = translate_error(code, read_int(details.get("cserrorcode")), str(details.get("errortext", "")))
    return _with_retry_after(translated, error)


def _translate_invalid_response(error: CloudStackException, endpoint: str) -> CloudError:
    """Return the error of a response that is not CloudStack's: by its status, if it is an error."""
    status = _get_status(error)
    if status in (401, 403, 429):
        return _with_retry_after(translate_error(status, 0, ""), error)
    return InvalidResponse(f"invalid response from CloudStack at {endpoint} (status {status})")


def _with_retry_after(translated: CloudError, error: CloudStackException) -> CloudError:
    text = getattr(error.response, "headers", {}).get("Retry-After", "")
    if isinstance(translated, CloudThrottled) and is_uint(text):
        translated.hint = f"retry after {text} s"
    return translated


def _get_delay(error: CloudUnreachable, *, is_read: bool) -> float | None:
    """Return the seconds after which a request may be repeated; None if it may not, or that is too long to wait."""
    if isinstance(error, CloudThrottled):
        delay_s = read_int(error.hint.removeprefix("retry after ").removesuffix(" s"), 0) or _RETRY_INTERVAL_S
        return delay_s if delay_s <= _MAX_RETRY_AFTER_S else None
    return _RETRY_INTERVAL_S if is_read else None


def _get_status(error: CloudStackException) -> int:
    return read_int(getattr(error.response, "status_code", 0))
