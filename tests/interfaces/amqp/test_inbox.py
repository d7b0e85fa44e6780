"""The inbox between the consuming and the storing thread."""

import threading

from stratiform.interfaces.amqp.inbox import Inbox

MIB = 1024 * 1024


def fill(inbox: Inbox, *bodies: bytes) -> Inbox:
    inbox.put(list(enumerate(bodies, 1)))
    return inbox


def test_batches_are_in_order_and_limited() -> None:
    inbox = fill(Inbox(2), b"a", b"b", b"c")
    first, second = inbox.take(60), inbox.take(0)
    assert first is not None
    assert second is not None
    assert (first.tag, first.bodies) == (2, [b"a", b"b"])
    assert (second.tag, second.bodies) == (3, [b"c"])


def test_a_full_batch_does_not_linger() -> None:
    inbox = Inbox(3)
    batches = []
    reader = threading.Thread(target=lambda: batches.append(inbox.take(60)))
    reader.start()
    for tag, body in enumerate([b"a", b"b", b"c"], 1):
        inbox.put([(tag, body)])
    reader.join(10)
    assert [batch.bodies for batch in batches if batch] == [[b"a", b"b", b"c"]]


def test_more_messages_than_a_batch_do_not_linger() -> None:
    inbox = Inbox(2)
    batches = []
    reader = threading.Thread(target=lambda: batches.append(inbox.take(60)))
    reader.start()
    inbox.put([(1, b"a")])
    inbox.put([(2, b"b"), (3, b"c"), (4, b"d")])
    reader.join(10)
    assert [batch.bodies for batch in batches if batch] == [[b"a", b"b"]]
    following = inbox.take(60)
    assert following is not None
    assert (following.tag, following.bodies) == (4, [b"c", b"d"])


def test_large_messages_limit_batches_and_the_inbox() -> None:
    inbox = fill(Inbox(1000), *[bytes(10 * MIB)] * 7)
    assert inbox.is_full()
    sizes: list[int] = []
    while inbox.is_full() or sizes != [2, 2, 2, 1]:
        batch = inbox.take(0)
        assert batch is not None
        sizes.append(len(batch.bodies))
    assert not inbox.is_full()


def test_stored_tag_is_returned_once() -> None:
    inbox = fill(Inbox(1), b"a", b"b")
    assert inbox.pop_stored_tag() is None
    for _ in range(2):
        batch = inbox.take(0)
        assert batch is not None
        inbox.mark_stored(batch)
    assert inbox.pop_stored_tag() == 2
    assert inbox.pop_stored_tag() is None


def test_tags_of_a_lost_connection_are_not_acknowledged() -> None:
    inbox = fill(Inbox(1), b"a", b"b")
    batch = inbox.take(0)
    assert batch is not None
    inbox.reset()
    inbox.mark_stored(batch)
    assert inbox.pop_stored_tag() is None
    redelivered = fill(inbox, b"a").take(0)
    assert redelivered is not None
    assert redelivered.connection == batch.connection + 1
    inbox.mark_stored(redelivered)
    assert inbox.pop_stored_tag() == 1


def test_closed_inbox_returns_no_batch() -> None:
    inbox = fill(Inbox(5), b"a")
    batches = []
    reader = threading.Thread(target=lambda: batches.append(inbox.take(60)))
    reader.start()
    inbox.close()
    reader.join(10)
    assert batches == [None]
    assert inbox.take(60) is None
