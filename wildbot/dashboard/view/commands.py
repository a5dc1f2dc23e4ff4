"""The owner's commands in words: what one will do, what was answered, and whether it shows in the document yet.

Rules: requested, acknowledged and in effect are three different things; no reply is not a refusal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from wildbot.dashboard.view.document import (
    JsonObject,
    decimal,
    is_pair,
    number,
    row_of,
    rows,
    text,
    traded_pairs,
    trader_of,
    whole,
)
from wildbot.dashboard.view.header import is_paused
from wildbot.dashboard.view.kpis import position_word
from wildbot.dashboard.view.wording import div, exact, fixed, span

WAIT_SHOWN_MS = 1_500
"""A reply that takes longer than this is pointed out while we still wait."""

ALL_PAIRS = "all pairs"


@dataclass(frozen=True, slots=True)
class Command:
    """One verb of the control socket with its arguments."""

    verb: str
    args: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The command as a person says it: "swap BTC/USDC → SOL/USDC", "pause BTC/USDC", "halt"."""
        if self.verb == "swap":
            return f"swap {self.args['out']} → {self.args['in']}"
        return " ".join([self.verb, *self.args.values()])


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a command has come; times in milliseconds since it was sent, None while they have not come.

    `code` is "" for yes, "timed_out" for no reply, anything else for a refusal, whose reason is `message`.
    """

    command: Command
    waited_ms: float
    acknowledged_ms: float | None = None
    code: str = ""
    message: str = ""
    effective_ms: float | None = None


def sentence(progress: Progress) -> tuple[str, str]:
    """Return the colour class and the line that tells how far a command has come."""
    words = progress.command.words
    if progress.effective_ms is not None:
        seconds = f"in effect after {progress.effective_ms / 1_000:.1f} s"
        if progress.acknowledged_ms is None or progress.code:
            return "good", f"✓ {words}: no reply, but {seconds}"
        return "good", f"✓ {words}: acknowledged in {progress.acknowledged_ms:.0f} ms, {seconds}"
    if progress.code == "timed_out":
        return "warn", f"? {words}: no reply; {progress.message}"
    if progress.code:
        return "bad", f"✗ {words}: {progress.message or progress.code}"
    if progress.acknowledged_ms is not None:
        return "blue", f"✓ {words}: acknowledged in {progress.acknowledged_ms:.0f} ms, not in effect yet"
    if progress.waited_ms >= WAIT_SHOWN_MS:
        return "warn", f"… {words}: no reply yet, {progress.waited_ms / 1_000:.0f} s since it was sent"
    return "blue", f"… {words}: requested"


def sentence_html(progress: Progress | None) -> str:
    """Return the line as markup; an empty one keeps its place."""
    tone, words = ("dim", "no command yet") if progress is None else sentence(progress)
    return div("wb-command", span(tone, words, title=words))


def is_in_effect(command: Command, document: JsonObject) -> bool:
    """Whether the document shows what the command asked for."""
    match command.verb:
        case "swap":
            pairs = traded_pairs(document)
            return command.args["in"] in pairs and command.args["out"] not in pairs
        case "halt":
            return text(document, "state") == "halted"
        case "rearm":
            return text(document, "state") not in {"halted", ""}
    concerned = _concerned(command, document)
    match command.verb:
        case "pause":
            return bool(concerned) and all(map(is_paused, concerned))
        case "resume":
            return bool(concerned) and not any(map(is_paused, concerned))
        case "flatten":
            return bool(concerned) and all(map(_is_flat, concerned))
    return False


def _concerned(command: Command, document: JsonObject) -> Sequence[JsonObject]:
    pair = command.args.get("pair")
    return [row for row in rows(document, "traders") if pair is None or row.get("pair") == pair]


def _is_flat(trader: JsonObject) -> bool:
    return decimal(trader, "position") == 0 and not rows(trader, "open_orders")


def challengers(document: JsonObject) -> list[str]:
    """Return the pairs that could be swapped in: rated, not traded now, best rank first."""
    ranked = sorted(rows(document, "scanner"), key=lambda row: number(row, "rank") or 1e9)
    traded = set(traded_pairs(document))
    return [pair for pair in (text(row, "pair") for row in ranked) if is_pair(pair) and pair not in traded]


def swap_plan(document: JsonObject, out: str, into: str) -> list[str]:
    """Return what a swap will do, step by step, and what speaks against the new pair."""
    rated = row_of(rows(document, "scanner"), into)
    steps = [
        *leave_plan(document, out),
        f"end the trader of {out} and free its capital",
        f"start a trader on {into} (rank {whole(rated, 'rank')}, score {fixed(number(rated, 'score'), 1)},"
        f" spread {fixed(number(rated, 'spread_bps'))} bp)",
    ]
    if rated.get("tradeable") is not True:
        steps.append(f"note: the scanner would not trade {into}: {text(rated, 'reason') or 'it gives no reason'}")
    return steps


def leave_plan(document: JsonObject, pair: str) -> list[str]:
    """Return what leaving one pair takes: its orders and its position."""
    trader = trader_of(document, pair)
    orders, position = len(rows(trader, "open_orders")), decimal(trader, "position")
    cancel = f"cancel {orders} open order{'' if orders == 1 else 's'} on {pair}"
    if position is None:
        return [cancel, f"leave the position on {pair}, which is not known right now"]
    if position == 0:
        return [cancel, f"{pair} is flat: nothing to leave"]
    held = f"{position_word(position)[0]} {exact(abs(position))}"
    return [cancel, f"leave {held} on {pair} as taker, inside the price collar"]


def flatten_plan(document: JsonObject, pairs: Sequence[str]) -> list[str]:
    """Return what flattening these pairs will do."""
    return [step for pair in pairs for step in leave_plan(document, pair)] + [f"then pause {' and '.join(pairs)}"]


def halt_plan(document: JsonObject) -> list[str]:
    """Return what a halt will do."""
    traders = rows(document, "traders")
    orders = sum(len(rows(trader, "open_orders")) for trader in traders)
    held = [text(trader, "pair") for trader in traders if decimal(trader, "position")]
    return [
        f"cancel every open order ({orders}) and take no new one",
        f"positions stay as they are: {', '.join(held) or 'none held'}",
        "stay halted, through restarts too, until rearmed",
    ]


def plan_html(steps: Sequence[str]) -> str:
    """Return the steps of a plan as markup."""
    return div("wb-plan", *(div("", span("", step)) for step in steps))
