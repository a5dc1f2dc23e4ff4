"""A loopback listener that speaks TLS with a certificate nobody vouches for: what an eavesdropper would show.

Rules: it counts who turned away at the handshake and who talked to it all the same; it answers nobody.
Owns: the certificate, made by the `openssl` command in the given folder, the listener and its thread.
"""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from wildbot.drill.failure import NotStruckError

PATIENCE_S = 3.0


class TlsTrap:
    """Listens from construction to `close`. Raises: NotStruckError when there is no `openssl` to make a certificate."""

    def __init__(self, folder: Path) -> None:
        openssl = shutil.which("openssl")
        if openssl is None:
            raise NotStruckError("no openssl command is there to make a false certificate with")
        key, certificate = folder / "trap.key", folder / "trap.pem"
        subprocess.run(  # noqa: S603 - our own words
            [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self.port: int = self._listener.getsockname()[1]
        self.turned_away = 0
        self.talked = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tls_trap", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._ending.set()
        self._thread.join(PATIENCE_S + 2)
        self._listener.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                self._greet(client)

    def _greet(self, client: socket.socket) -> None:
        client.settimeout(PATIENCE_S)
        try:
            with self._context.wrap_socket(client, server_side=True) as safe:
                if safe.recv(1):
                    self.talked += 1
                else:
                    self.turned_away += 1
        except OSError:  # the handshake ended with an alert, or the connection without a word
            self.turned_away += 1
        finally:
            client.close()
