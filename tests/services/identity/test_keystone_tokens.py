"""Tokens of another Keystone: how long they are cached, and what happens while it is slow or does not respond."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import islice

import pytest

from stratiform.kit.clock import SECOND_US, format_iso
from stratiform.kit.errors import Unavailable
from stratiform.services.identity.errors import AuthenticationFailed, KeystoneUnreachable
from stratiform.services.identity.model.keystone import KeystoneReference, KeystoneRole, KeystoneToken
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.keystone_tokens import KeystoneTokens
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges
from support.stacks import ServiceHarness

TOKEN = "t" * 180


@dataclass
class Keystone:
    """A client of a Keystone that validates every token, or raises `failure`."""

    expires_at: str
    failure: Exception | None = None
    release: threading.Event = field(default_factory=threading.Event)
    requests: int = 0

    def validate(self, token_id: str) -> KeystoneToken:
        self.requests += 1
        self.release.wait(30)
        if self.failure is not None:
            raise self.failure
        project = KeystoneReference("p" * 32, "research")
        return KeystoneToken(KeystoneReference("u"), self.expires_at, project=project, roles=(KeystoneRole("member"),))


@pytest.fixture
def keystone(service_harness: ServiceHarness) -> Iterator[Keystone]:
    keystone = Keystone(format_iso(service_harness.clock.now() + 3600 * SECOND_US))
    keystone.release.set()
    yield keystone
    keystone.release.set()


@pytest.fixture
def tokens(service_harness: ServiceHarness, keystone: Keystone) -> KeystoneTokens:
    identity = service_harness.services.identity
    return KeystoneTokens(
        keystone,  # type: ignore[arg-type]
        identity.tokens.keys,
        DirectoryCache(service_harness.services.ids),
        OperatorPrivileges("admin"),
        service_harness.clock,
    )


def test_revoked_token_is_valid_for_a_minute_at_most(
    service_harness: ServiceHarness, tokens: KeystoneTokens, keystone: Keystone
) -> None:
    database, clock = service_harness.services.database, service_harness.clock
    tokens.prepare(database, TOKEN)
    keystone.failure = AuthenticationFailed()
    clock.advance(59 * SECOND_US)
    tokens.prepare(database, TOKEN)
    assert keystone.requests == 1
    assert tokens.find(TOKEN, clock.now() + 30 * SECOND_US) is not None, "the request waits for its transaction"
    clock.advance(1 * SECOND_US)
    tokens.prepare(database, TOKEN)
    assert tokens.find(TOKEN, clock.now()) is None


def test_token_is_not_valid_after_its_expiry(
    service_harness: ServiceHarness, tokens: KeystoneTokens, keystone: Keystone
) -> None:
    clock = service_harness.clock
    keystone.expires_at = format_iso(clock.now() + 10 * SECOND_US)
    tokens.prepare(service_harness.services.database, TOKEN)
    assert tokens.find(TOKEN, clock.now() + 9 * SECOND_US) is not None
    assert tokens.find(TOKEN, clock.now() + 10 * SECOND_US) is None


def test_rejected_token_is_cached(service_harness: ServiceHarness, tokens: KeystoneTokens, keystone: Keystone) -> None:
    keystone.failure = AuthenticationFailed()
    for _ in range(3):
        tokens.prepare(service_harness.services.database, TOKEN)
    assert (keystone.requests, tokens.find(TOKEN, service_harness.clock.now())) == (1, None)
    service_harness.clock.advance(10 * SECOND_US)
    tokens.prepare(service_harness.services.database, TOKEN)
    assert keystone.requests == 2


@pytest.mark.parametrize("token", ["", "-", "short", "x" * 9000, "\u00e9" * 100, "a b" * 40])
def test_what_is_no_token_is_not_sent(
    service_harness: ServiceHarness, tokens: KeystoneTokens, keystone: Keystone, token: str
) -> None:
    tokens.prepare(service_harness.services.database, token)
    assert keystone.requests == 0


def test_no_requests_are_sent_while_the_keystone_is_down(
    service_harness: ServiceHarness, tokens: KeystoneTokens, keystone: Keystone
) -> None:
    keystone.failure = KeystoneUnreachable("no response from Keystone")
    for _ in range(3):
        with pytest.raises(Unavailable, match="no response"):
            tokens.prepare(service_harness.services.database, TOKEN)
    assert keystone.requests == 1
    keystone.failure = None
    service_harness.clock.advance(5 * SECOND_US)
    tokens.prepare(service_harness.services.database, TOKEN)
    assert tokens.find(TOKEN, service_harness.clock.now()) is not None


def test_unexpected_response_does_not_stop_other_requests(
    service_harness: ServiceHarness, tokens: KeystoneTokens, keystone: Keystone
) -> None:
    """A token that a Keystone cannot process must not lock out its other users."""
    keystone.failure = Unavailable("unexpected status from Keystone: 500")
    with pytest.raises(Unavailable, match="500"):
        tokens.prepare(service_harness.services.database, "x" * 180)
    keystone.failure = None
    tokens.prepare(service_harness.services.database, TOKEN)
    assert tokens.find(TOKEN, service_harness.clock.now()) is not None


@pytest.mark.thorough
def test_slow_keystone_gets_a_limited_number_of_requests(
    service_harness: ServiceHarness, tokens: KeystoneTokens, keystone: Keystone
) -> None:
    keystone.release.clear()
    database = service_harness.services.database

    def prepare(number: int) -> bool:
        try:
            tokens.prepare(database, f"{number:0180}")
        except Unavailable:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        pending = [pool.submit(prepare, number) for number in range(20)]
        refused = list(islice(as_completed(pending), 12))
        assert (keystone.requests, [each.result() for each in refused]) == (8, [False] * 12)
        keystone.release.set()
        assert sum(each.result() for each in pending) == 8


def test_cache_has_no_tokens(service_harness: ServiceHarness, tokens: KeystoneTokens) -> None:
    """The cache has digests of tokens only."""
    tokens.prepare(service_harness.services.database, TOKEN)
    assert TOKEN not in repr(vars(tokens._tokens))
