"""Where this process listens."""

import socket
from dataclasses import dataclass

from bot.serve.errors import ListenError


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int
    """0 for any that is free."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def reserve(address: Address) -> socket.socket:
    """A socket that is bound to the address and does not listen yet. Raises OSError when there is none."""
    family, kind, protocol, _, where = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        # Otherwise the connections of the process before this one keep the port for a minute.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
    except OSError:
        bound.close()
        raise
    return bound


def cannot_listen(what: str, address: Address, fault: OSError, way_out: str) -> ListenError:
    return ListenError(f"Cannot {what} on {address}: {fault.strerror}. {way_out}")
