"""The password of a cockpit that others can reach: one per server, compared in constant time, guesses slowed down.

Known limit: it keeps strangers out, it does not encrypt; put TLS in front of anything that is not loopback.
"""

import hmac
import threading
import time

import streamlit as st

FREE_GUESSES = 5
LOCKED_S = 30.0
"""After FREE_GUESSES wrong ones in a row, from whomever, nobody may guess for so long."""

_PASSED = "gate_passed"


class Guesses:
    """Counts wrong passwords over all sessions of this server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong = 0
        self._locked_until_s = float("-inf")

    def judge(self, guess: str, password: str, now_s: float) -> bool | None:
        """Return whether the guess is right; None while nobody may guess."""
        with self._lock:
            if now_s < self._locked_until_s:
                return None
            if hmac.compare_digest(guess.encode(), password.encode()):
                self._wrong = 0
                return True
            self._wrong += 1
            if self._wrong >= FREE_GUESSES:
                self._wrong = 0
                self._locked_until_s = now_s + LOCKED_S
            return False


@st.cache_resource(show_spinner=False)
def _guesses() -> Guesses:
    return Guesses()


def require_password(password: str) -> None:
    """Stop this script run unless its session has given the password; no password, no gate."""
    if not password or st.session_state.get(_PASSED):
        return
    st.title("WildBot")
    with st.form("gate", width=360):
        guess = st.text_input("Password", type="password", autocomplete="current-password")
        asked = st.form_submit_button("Open the cockpit")
    if asked:
        verdict = _guesses().judge(guess or "", password, time.monotonic())
        if verdict:
            st.session_state[_PASSED] = True
            st.rerun()
        st.error(f"too many wrong passwords: wait {LOCKED_S:.0f} s" if verdict is None else "wrong password")
    st.stop()
