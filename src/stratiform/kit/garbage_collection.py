"""How Python looks after the memory of a process that runs for long."""

import gc

#: A batch of messages is very many objects, none of them in a cycle. As Python is set out of the box it looks for
#: cycles among them after every 700, which took a fifth of the time of taking them into the ledger.
_LOOK_EVERY = 50_000


def tune() -> None:
    """What is there by now stays for ever, and cycles among what comes are looked for more seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LOOK_EVERY, 20, 20)
