"""The owner's hands: which pair is looked at, and the buttons that command.

Rules: all of this is drawn by the main script, never by a fragment that refreshes itself, since a dialog opened from
    one is dead after its next tick. Whatever cannot be taken back asks first; stopping needs no typing, starting live does.
"""

from collections.abc import Callable

import streamlit as st

from wildbot.dashboard.calls import Call
from wildbot.dashboard.source import Moment, Source
from wildbot.dashboard.view.commands import (
    ALL_PAIRS,
    Command,
    challengers,
    flatten_plan,
    halt_plan,
    plan_html,
    sentence_html,
    swap_plan,
)
from wildbot.dashboard.view.document import JsonObject, text, traded_pairs
from wildbot.dashboard.view.header import mode_of

NO_TRADER = "no trader"
REFRESH_S = 1.0

_PAIR, _LAST_PAIR, _CALL, _DIALOG, _DRAWN = "pair", "last_pair", "call", "dialog", "drawn_for"
"""Names in the session's state; _DIALOG holds the verb whose dialog is open, so that it survives a redrawn page."""


def selected_pair(document: JsonObject) -> str:
    """Return the pair the page looks at: the chosen one while it is traded, else the first, else ""."""
    pairs = traded_pairs(document)
    chosen = st.session_state.get(_PAIR) or st.session_state.get(_LAST_PAIR)
    return chosen if chosen in pairs else next(iter(pairs), "")


def draw_controls(source: Source) -> None:
    """Draw the row of controls, and the dialog a button of it asked for."""
    moment = source.now()
    document = moment.document
    st.session_state[_DRAWN] = _fingerprint(moment)
    pair = selected_pair(document)
    idle = not pair or not moment.is_known
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="controls"):
        st.session_state[_PAIR] = pair or NO_TRADER
        st.segmented_control(
            "Pair", traded_pairs(document) or [NO_TRADER], key=_PAIR, required=True, label_visibility="collapsed"
        )
        st.session_state[_LAST_PAIR] = pair
        can_swap = not idle and bool(challengers(document))
        _ask("swap", "Swap…", ":material/swap_horiz:", disabled=not can_swap)
        if st.button("Pause", icon=":material/pause:", key="pause", disabled=idle, help="No new entries; exits go on"):
            _send(source, Command("pause", {"pair": pair}))
        if st.button("Resume", icon=":material/play_arrow:", key="resume", disabled=idle, help="Entries again"):
            _send(source, Command("resume", {"pair": pair}))
        _ask("flatten", "Flatten…", ":material/vertical_align_center:", disabled=idle)
        _ask("halt", "Halt…", ":material/emergency_home:")
        if text(document, "state") == "halted":
            _ask("rearm", "Rearm…", ":material/lock_open:")
        _command_line(source)
    dialog = _DIALOGS.get(st.session_state.get(_DIALOG, ""))
    if dialog is not None:
        dialog(source)


def follow_desk(source: Source) -> None:
    """Draw the whole page again when the controls no longer fit the desk (other pairs, halted, another run).

    Called by a fragment that comes after the controls; while a dialog is open nothing is redrawn under it.
    """
    if not st.session_state.get(_DIALOG) and st.session_state.get(_DRAWN) != _fingerprint(source.now()):
        st.rerun()


def _fingerprint(moment: Moment) -> tuple[str, ...]:
    document = moment.document
    return (
        text(document, "run_id"),
        mode_of(document),
        "halted" if text(document, "state") == "halted" else "",
        *traded_pairs(document),
    )


@st.fragment(run_every=REFRESH_S)
def _command_line(source: Source) -> None:
    call = st.session_state.get(_CALL)
    st.html(sentence_html(call.progress(source.now().document) if isinstance(call, Call) else None))


def _send(source: Source, command: Command) -> None:
    call = Call(source.control, command, source.run)
    st.session_state[_CALL] = call
    call.wait()


def _ask(verb: str, label: str, icon: str, *, disabled: bool = False) -> None:
    """Draw a button that opens the dialog of a verb."""
    if st.button(label, icon=icon, key=verb, disabled=disabled):
        st.session_state[_DIALOG] = verb


def _close() -> None:
    st.session_state[_DIALOG] = ""


def _confirm(source: Source, command: Command, label: str, *, allowed: bool = True) -> None:
    """Draw the two buttons that end a dialog; Cancel stands first and sends nothing."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Cancel", key="cancel"):
            _close()
            st.rerun()
        if st.button(label, type="primary", key=f"confirm_{command.verb}", disabled=not allowed):
            _send(source, command)
            _close()
            st.rerun()


@st.dialog("Swap a pair", icon=":material/swap_horiz:", on_dismiss=_close)
def _swap_dialog(source: Source) -> None:
    document = source.now().document
    left, right = st.columns(2)
    pairs = traded_pairs(document)
    out = left.selectbox("Out", pairs, index=pairs.index(selected_pair(document)) if pairs else None, key="swap_out")
    into = right.selectbox("In", challengers(document), key="swap_in")
    if out is None or into is None:
        st.html(plan_html(["nothing can be swapped right now"]))
        return
    st.html(plan_html(swap_plan(document, out, into)))
    _confirm(source, Command("swap", {"out": out, "in": into}), "Swap now")


@st.dialog("Flatten", icon=":material/vertical_align_center:", on_dismiss=_close)
def _flatten_dialog(source: Source) -> None:
    document = source.now().document
    pairs = traded_pairs(document)
    options = [*pairs, ALL_PAIRS]
    which = st.selectbox("Which", options, index=options.index(selected_pair(document) or ALL_PAIRS), key="flatten_which")
    chosen = pairs if which in (ALL_PAIRS, None) else [which]
    st.html(plan_html(flatten_plan(document, chosen)))
    _confirm(source, Command("flatten", {} if which in (ALL_PAIRS, None) else {"pair": which}), "Flatten now")


@st.dialog("Halt trading", icon=":material/emergency_home:", on_dismiss=_close)
def _halt_dialog(source: Source) -> None:
    st.html(plan_html(halt_plan(source.now().document)))
    _confirm(source, Command("halt"), "Halt now")


@st.dialog("Rearm", icon=":material/lock_open:", on_dismiss=_close)
def _rearm_dialog(source: Source) -> None:
    st.html(plan_html(["take new orders again", "check first why it was halted: the event log says so"]))
    is_live = mode_of(source.now().document) == "live"
    typed = st.text_input("Real money: type REARM to confirm", key="rearm_word") if is_live else "REARM"
    _confirm(source, Command("rearm"), "Rearm now", allowed=typed == "REARM")


_DIALOGS: dict[str, Callable[[Source], None]] = {
    "swap": _swap_dialog,
    "flatten": _flatten_dialog,
    "halt": _halt_dialog,
    "rearm": _rearm_dialog,
}
