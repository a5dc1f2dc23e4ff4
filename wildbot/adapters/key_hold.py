"""One key, one gateway: while a process holds a key for an exchange, no other process of this machine can.

Two homes with one key would draw each other's nonces, share one dead man's switch and cancel each other's orders.

Rules: the hold is a name in the kernel, not a file: it ends with its process, however that ends, and it cannot be copied,
    left over or put on another disk. Loopback names are one place; the same key on two ports is two exchanges.
Owns: the listening socket that carries the name.
Source: unix(7), abstract socket addresses; SO_PEERCRED.
Known limit: one network namespace; two containers or two machines do not see each other.
"""

import hashlib
import socket
import struct
from urllib.parse import urlsplit

from wildbot.adapters.home import AlreadyRunningError
from wildbot.adapters.secrets import LOOPBACK_HOSTS, ApiKey

_CREDENTIALS = struct.Struct("3i")


class KeyHold:
    """The hold of `key` at the exchange of `base_url`, until `release` or the end of this process."""

    def __init__(self, key: ApiKey, base_url: str) -> None:
        """Take it.

        Raises:
            AlreadyRunningError: naming the process that has it.
        """
        address = _address(key, base_url)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(address)
            self._socket.listen(1)
        except OSError:
            self._socket.close()
            pid = _holder(address)
            raise AlreadyRunningError(
                f"another WildBot on this machine (process {pid or 'unknown'}) trades with the same API key"
                f" ({key.fingerprint}); give each its own key",
                pid,
            ) from None

    def release(self) -> None:
        """Give it up."""
        self._socket.close()


def _address(key: ApiKey, base_url: str) -> str:
    parts = urlsplit(base_url)
    host = "loopback" if parts.hostname in LOOPBACK_HOSTS else parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    name = hashlib.sha256(f"{key.key}@{host}:{port}".encode()).hexdigest()[:32]
    return f"\0wildbot-key-{name}"


def _holder(address: str) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(address)
            found = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return 0
    pid: int = _CREDENTIALS.unpack(found)[0]
    return pid
