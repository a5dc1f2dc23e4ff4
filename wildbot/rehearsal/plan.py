"""What a rehearsal is to be: seed, length, market, and which blows of fate fall when.

Rules: a blow is a plain value, so that a schedule can be printed, shortened and played again. Times are seconds after the
    doors open. Without a schedule one is drawn from the seed.
"""

from dataclasses import dataclass, field

from wildbot.model.instrument import NANOS_PER_SECOND

Arguments = dict[str, object]

START_NS = 1_750_000_000 * NANOS_PER_SECOND
"""When the doors of every rehearsal open."""

TRADER = "trader"
"""As the victim of a blow: one of the traders that live then, `which` counts them."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One misfortune: `kind` "venue" (arguments are a fault of the exchange's own script), or one of ours: "kill",
    "freeze", "crash", "wire", "cut", "journal", "owner"."""

    at_s: float
    kind: str
    arguments: Arguments = field(default_factory=dict)

    def __str__(self) -> str:
        """Show the blow in one line."""
        shown = " ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.at_s:7.2f} s {self.kind} {shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalPlan:
    """One rehearsal. `trouble_s` from `calm_s` on blows fall; then `settle_s` without any; then an ordered stop.

    `blows` None: drawn from the seed, about `blows_per_minute`.
    """

    seed: int
    pairs: tuple[str, ...] = ("SOL/USDC", "XRP/USDC", "DOGE/USDC", "ADA/USDC")
    traders: int = 3
    capital: str = "60"
    calm_s: float = 6.0
    trouble_s: float = 40.0
    settle_s: float = 45.0
    blows_per_minute: float = 20.0
    blows: tuple[Blow, ...] | None = None
    activity: float = 0.3

    @property
    def troubles_end_ns(self) -> int:
        """When all that still troubles ends."""
        return START_NS + int((self.calm_s + self.trouble_s) * NANOS_PER_SECOND)
