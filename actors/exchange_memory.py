"""The files of the simulated exchange: what its accounts did (state), and everything that happened (ledger).

Rules: state is read once at the start, then appended and flushed before anybody is told.
Owns: both files.
Known limit: the state file only grows; deleting it gives every account its starting deposit anew.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from wildbot.model.exchange import ExchangeEvent
from wildbot.venues.kraken.server_state import AccountPast, read_state, state_lines


class Memory:
    """The files: what accounts did (state) and everything that happened (ledger)."""

    def __init__(self, state: Path | None, ledger: Path | None) -> None:
        self._past = read_state(state.read_bytes().splitlines()) if state is not None and state.exists() else {}
        self._state = _append_to(state)
        self._ledger = _append_to(ledger)

    def past(self, account: str) -> AccountPast | None:
        """Return what the account did before this start, or None when it never had money."""
        past = self._past.get(account)
        return past if past is not None and past.balances else None

    def keep(self, events: Sequence[ExchangeEvent]) -> None:
        """Write down what accounts did, and flush."""
        if self._state is not None and (lines := state_lines(events)):
            self._state.write(b"".join(line + b"\n" for line in lines))
            self._state.flush()

    def keep_ledger(self, lines: Sequence[str]) -> None:
        """Write ledger lines down, and flush."""
        if self._ledger is not None and lines:
            self._ledger.write("".join(f"{line}\n" for line in lines).encode())
            self._ledger.flush()

    def close(self) -> None:
        """Close the files."""
        for file in (self._state, self._ledger):
            if file is not None:
                file.close()


def _append_to(path: Path | None) -> IO[bytes] | None:
    if path is None:
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    _end_last_line(path)
    return path.open("ab")


def _end_last_line(path: Path) -> None:
    """Cut off a half-written last line, so that the next one starts on its own."""
    if path.exists() and (content := path.read_bytes()) and not content.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)
