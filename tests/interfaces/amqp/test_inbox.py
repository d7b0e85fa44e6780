"""What is handed from who hears to who stores."""

import threading

from stratiform.interfaces.amqp.inbox import Inbox

MIB = 1024 * 1024


def filled(inbox: Inbox, *bodies: bytes) -> Inbox:
    for tag, body in enumerate(bodies, 1):
        inbox.put(tag, body)
    return inbox


def test_batches_keep_the_order_and_end_at_the_limit() -> None:
    inbox = filled(Inbox(2), b"a", b"b", b"c")
    first, second = inbox.take(60), inbox.take(0)
    assert first is not None
    assert second is not None
    assert (first.tag, first.bodies) == (2, [b"a", b"b"])
    assert (second.tag, second.bodies) == (3, [b"c"])


def test_a_full_batch_does_not_linger() -> None:
    inbox = Inbox(3)
    taken = []
    taker = threading.Thread(target=lambda: taken.append(inbox.take(60)))
    taker.start()
    filled(inbox, b"a", b"b", b"c")
    taker.join(10)
    assert [batch.bodies for batch in taken if batch] == [[b"a", b"b", b"c"]]


def test_large_messages_make_small_batches_and_stop_the_hearing() -> None:
    inbox = filled(Inbox(1000), *[bytes(10 * MIB)] * 7)
    assert inbox.full()
    sizes: list[int] = []
    while inbox.full() or sizes != [2, 2, 2, 1]:
        batch = inbox.take(0)
        assert batch is not None
        sizes.append(len(batch.bodies))
    assert not inbox.full()


def test_what_is_stored_is_told_once() -> None:
    inbox = filled(Inbox(1), b"a", b"b")
    assert inbox.stored() is None
    for _ in range(2):
        batch = inbox.take(0)
        assert batch is not None
        inbox.done(batch)
    assert inbox.stored() == 2
    assert inbox.stored() is None


def test_tags_of_a_lost_connection_are_never_acknowledged() -> None:
    inbox = filled(Inbox(1), b"a", b"b")
    batch = inbox.take(0)
    assert batch is not None
    inbox.renew()
    inbox.done(batch)
    assert inbox.stored() is None
    again = filled(inbox, b"a").take(0)
    assert again is not None
    assert again.life == batch.life + 1
    inbox.done(again)
    assert inbox.stored() == 1


def test_a_closed_one_gives_nothing() -> None:
    inbox = filled(Inbox(5), b"a")
    taken = []
    taker = threading.Thread(target=lambda: taken.append(inbox.take(60)))
    taker.start()
    inbox.close()
    taker.join(10)
    assert taken == [None]
    assert inbox.take(60) is None
