"""The message bus of an OpenStack, heard as oslo.messaging's notification listeners hear it: the same address, the
same exchanges, queues and bindings. Does not know what a message says.

`address` reads the URL, `queues` declares what is heard, `line` is one connection. See decision 0013.
"""

from stratiform.app.bus.address import Address, Host, parse

__all__ = ["Address", "Host", "parse"]
