"""One whole WildBot in a temporary home on free ports, driven from outside as its owner would."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests
import zmq

ROOT = Path(__file__).resolve().parents[2]
Document = dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Instance:
    """A home, its ports, and the processes that carry its name; `close` ends whatever is left."""

    def __init__(self, **environment: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="wb-"))
        self.exchange_port, self.dashboard_port, self.api_port = free_port(), free_port(), free_port()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("WILDBOT_", "KRAKEN_"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "WILDBOT_HOME": str(self.home),
            "WILDBOT_EXCHANGE__PORT": str(self.exchange_port),
            "WILDBOT_DASHBOARD__PORT": str(self.dashboard_port),
            "WILDBOT_API__PORT": str(self.api_port),
            "WILDBOT_EXCHANGE__WARMUP_S": "120",
            **environment,
        }
        self.process: subprocess.Popen[str] | None = None
        self._status = zmq.Context.instance().socket(zmq.SUB)
        self._status.setsockopt(zmq.SUBSCRIBE, b"status")
        self._status.connect(f"ipc://{self.home / 'run' / 'status.ipc'}")

    # --- the command line -----------------------------------------------------------------------------------------

    def wildbot(self, *words: str, timeout_s: float = 60) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "wildbot.cli", *words],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def up(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wildbot.cli", "up"],
            env=self.environment, cwd=ROOT, stdout=(self.home / "up.txt").open("w"), stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def interrupt(self, timeout_s: float = 90) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout_s)

    # --- the sockets ----------------------------------------------------------------------------------------------

    def status(self, timeout_s: float = 10) -> Document:
        """Return the next status document that arrives."""
        if not self._status.poll(int(timeout_s * 1_000)):
            raise AssertionError(f"no status within {timeout_s} s; {self.last_words()}")
        document: Document = json.loads(self._status.recv_multipart()[1])
        return document

    def wait(self, condition: Callable[[Document], bool], what: str, timeout_s: float = 60) -> Document:
        """Return the first status document that meets the condition."""
        until = time.monotonic() + timeout_s
        while True:
            document = self.status(max(1.0, until - time.monotonic()))
            if condition(document):
                return document
            if time.monotonic() > until:
                raise AssertionError(
                    f"not within {timeout_s} s: {what}; {self.last_words()}\n{json.dumps(document)[:4000]}"
                )

    def control(self, verb: str, **arguments: object) -> Document:
        asker = zmq.Context.instance().socket(zmq.REQ)
        asker.linger = 0
        asker.connect(f"ipc://{self.home / 'run' / 'control.ipc'}")
        asker.send(json.dumps({"id": "e2e", "verb": verb, "args": arguments}).encode())
        assert asker.poll(20_000), f"no answer to {verb}"
        answer: Document = json.loads(asker.recv())
        asker.close()
        return answer

    def throw(self, name: str, frames: list[bytes]) -> None:
        """Send each frame to a socket that expects something else, alone and in company."""
        for frame in frames:
            for parts in ([frame], [frame, frame], [b"", frame]):
                thrower = zmq.Context.instance().socket(zmq.DEALER)
                thrower.connect(f"ipc://{self.home / 'run' / name}.ipc")
                thrower.send_multipart(parts)
                thrower.close(linger=1_000)

    # --- the exchange ---------------------------------------------------------------------------------------------

    def others_order(self, pair: str, side: str, price: str, qty: str) -> None:
        """Let another participant take everything up to a price."""
        order = {"pair": pair, "side": side, "type": "limit", "tif": "ioc", "price": price, "qty": qty}
        answer = requests.post(f"http://127.0.0.1:{self.exchange_port}/admin/orders", json=[order], timeout=10)
        answer.raise_for_status()

    def ledger(self) -> list[Document]:
        answer = requests.get(f"http://127.0.0.1:{self.exchange_port}/admin/ledger", timeout=30)
        return [json.loads(line) for line in answer.text.splitlines() if line]

    # --- processes ------------------------------------------------------------------------------------------------

    def processes(self) -> list[psutil.Process]:
        """Return every process whose environment names this home, except the one that asks."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("WILDBOT_HOME") == str(self.home) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def last_words(self) -> str:
        """Return the ends of all logs, for a failed assertion."""
        texts = []
        for path in sorted([self.home / "up.txt", *(self.home / "log").glob("*")]):
            if path.is_file() and path.stat().st_size:
                texts.append(f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-12:]))
        return "\n".join(texts)

    def close(self) -> None:
        self._status.close(linger=0)
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)
