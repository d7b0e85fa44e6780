"""Consoles of servers: addresses at which a cloud serves them."""

from dataclasses import dataclass
from enum import Enum


class ConsoleType(Enum):
    """A kind of console, with Nova's name of its type."""

    SERIAL = "serial"  # the bytes of the first serial port
    VNC = "novnc"  # the RFB protocol


@dataclass(frozen=True, slots=True)
class ConsoleEndpoint:
    """A TCP address that serves one connection to a console."""

    host: str
    port: int
