"""The queue between the consuming and the storing thread."""

import threading

from stratiform.interfaces.amqp.batch_queue import BatchQueue

MIB = 1024 * 1024


def fill(batch_queue: BatchQueue, *bodies: bytes) -> BatchQueue:
    batch_queue.put(list(enumerate(bodies, 1)))
    return batch_queue


def test_batches_are_in_order_and_limited() -> None:
    batch_queue = fill(BatchQueue(2), b"a", b"b", b"c")
    first, second = batch_queue.get_batch(60), batch_queue.get_batch(0)
    assert first is not None
    assert second is not None
    assert (first.tag, first.bodies) == (2, [b"a", b"b"])
    assert (second.tag, second.bodies) == (3, [b"c"])


def test_a_full_batch_does_not_linger() -> None:
    batch_queue = BatchQueue(3)
    batches = []
    reader = threading.Thread(target=lambda: batches.append(batch_queue.get_batch(60)))
    reader.start()
    for tag, body in enumerate([b"a", b"b", b"c"], 1):
        batch_queue.put([(tag, body)])
    reader.join(10)
    assert [batch.bodies for batch in batches if batch] == [[b"a", b"b", b"c"]]


def test_more_messages_than_a_batch_do_not_linger() -> None:
    batch_queue = BatchQueue(2)
    batches = []
    reader = threading.Thread(target=lambda: batches.append(batch_queue.get_batch(60)))
    reader.start()
    batch_queue.put([(1, b"a")])
    batch_queue.put([(2, b"b"), (3, b"c"), (4, b"d")])
    reader.join(10)
    assert [batch.bodies for batch in batches if batch] == [[b"a", b"b"]]
    following = batch_queue.get_batch(60)
    assert following is not None
    assert (following.tag, following.bodies) == (4, [b"c", b"d"])


def test_batches_grow_with_a_backlog() -> None:
    batch_queue = fill(BatchQueue(4000), *[b"a"] * 16_200)
    sizes: list[int] = []
    while sum(sizes) < 16_200:
        batch = batch_queue.get_batch(60)
        assert batch is not None
        sizes.append(len(batch.bodies))
    assert sizes == [500, 1000, 2000, 4000, 4000, 4000, 700]
    fill(batch_queue, *[b"a"] * 10_000)
    batch = batch_queue.get_batch(60)
    assert batch is not None
    assert len(batch.bodies) == 2000


def test_batch_is_complete_if_no_message_arrives() -> None:
    batch_queue = BatchQueue(1000)
    batches = []
    reader = threading.Thread(target=lambda: batches.append(batch_queue.get_batch(60)))
    reader.start()
    batch_queue.put([(1, b"a")])
    batch_queue.put([(2, b"b")])
    reader.join(30)
    assert [batch.bodies for batch in batches if batch] == [[b"a", b"b"]]


def test_large_messages_limit_batches_and_the_inbox() -> None:
    batch_queue = fill(BatchQueue(1000), *[bytes(10 * MIB)] * 7)
    assert batch_queue.is_full()
    sizes: list[int] = []
    while batch_queue.is_full() or sizes != [2, 2, 2, 1]:
        batch = batch_queue.get_batch(0)
        assert batch is not None
        sizes.append(len(batch.bodies))
    assert not batch_queue.is_full()


def test_stored_tag_is_returned_once() -> None:
    batch_queue = fill(BatchQueue(1), b"a", b"b")
    assert batch_queue.pop_acknowledgeable_tag() is None
    for _ in range(2):
        batch = batch_queue.get_batch(0)
        assert batch is not None
        batch_queue.mark_stored(batch)
    assert batch_queue.pop_acknowledgeable_tag() == 2
    assert batch_queue.pop_acknowledgeable_tag() is None


def test_tags_of_a_lost_connection_are_not_acknowledged() -> None:
    batch_queue = fill(BatchQueue(1), b"a", b"b")
    batch = batch_queue.get_batch(0)
    assert batch is not None
    batch_queue.clear()
    batch_queue.mark_stored(batch)
    assert batch_queue.pop_acknowledgeable_tag() is None
    redelivered = fill(batch_queue, b"a").get_batch(0)
    assert redelivered is not None
    assert redelivered.connection == batch.connection + 1
    batch_queue.mark_stored(redelivered)
    assert batch_queue.pop_acknowledgeable_tag() == 1


def test_closed_inbox_returns_no_batch() -> None:
    batch_queue = fill(BatchQueue(5), b"a")
    batches = []
    reader = threading.Thread(target=lambda: batches.append(batch_queue.get_batch(60)))
    reader.start()
    batch_queue.close()
    reader.join(10)
    assert batches == [None]
    assert batch_queue.get_batch(60) is None
