"""What `wildbot backtest` says: the figures for programs, and the same for people."""

from collections.abc import Mapping
from decimal import Decimal

from wildbot.analytics.believable import has_one_sign, margin
from wildbot.analytics.markout import HORIZONS_S, Markout, mean_move_bps
from wildbot.commands.backtest_job import BacktestAnswer, BacktestJob
from wildbot.commands.terminal import new_table, output, say
from wildbot.model.instrument import MONEY_DECIMALS, money_text
from wildbot.simulation.fills import FILL_MODELS

CALIBRATED = "queue_position"
MONEY_SHOWN_DECIMALS = 6

Answers = Mapping[str, BacktestAnswer]


def chosen_of(answers: Answers) -> BacktestAnswer:
    """Return the calibrated model's answer, or the only one there is."""
    return answers.get(CALIBRATED) or next(iter(answers.values()))


def bracket_of(answers: Answers) -> dict[str, object]:
    """Return the range of net profit over the models, the calibrated model's value (None unless it was asked), the
    believable range (None unless all models were asked), and whether they agree on the sign."""
    nets = {model: answer.run.split.total for model, answer in answers.items()}
    values = list(nets.values())
    turnover = max(sum(row.fill.cost for row in answer.run.fills) for answer in answers.values())
    widened = margin(Decimal(turnover).scaleb(-MONEY_DECIMALS))
    is_whole = set(answers) == set(FILL_MODELS)
    return {
        "bracket": {
            "low": float(min(values)),
            "calibrated": float(nets[CALIBRATED]) if CALIBRATED in nets else None,
            "high": float(max(values)),
            "believable_low": float(min(values) - widened) if is_whole else None,
            "believable_high": float(max(values) + widened) if is_whole else None,
        },
        "sign_stable": has_one_sign(min(values), max(values)),
    }


def document(job: BacktestJob, answers: Answers, bracket: Mapping[str, object]) -> dict[str, object]:
    """Return the whole result; money as numbers, exact texts beside them in `exact`."""
    answer = chosen_of(answers)
    run, figures, split = answer.run, answer.performance, answer.run.split
    return {
        "strategy": job.strategy,
        "instruments": list(run.notes),
        "seed": job.seed,
        "capital": str(job.capital),
        "fees_ppm": {"maker": job.fees.maker_ppm, "taker": job.fees.taker_ppm},
        "latency_ms": job.latency_ms,
        "feed_latency_ms": job.feed_latency_ms,
        "measured_latency": list(job.measured_ns),
        "allow_short": job.allow_short,
        "parameters": job.parameters,
        "began_ns": run.began_ns,
        "ended_ns": run.ended_ns,
        "events": run.events,
        "rows": sum(notes.rows for notes in run.notes.values()),
        "seconds": round(answer.seconds, 3),
        "events_per_s": round(run.events / answer.seconds) if answer.seconds else 0,
        "orders": run.orders,
        "fills": len(run.fills),
        "round_trips": figures.round_trips,
        "net_pnl": float(split.total),
        "return_pct": figures.return_pct,
        "fees": float(split.fees),
        "win_rate_pct": figures.win_rate_pct,
        "expectancy": figures.expectancy,
        "sharpe": figures.sharpe,
        "sharpe_error": figures.sharpe_error,
        "max_drawdown_pct": figures.max_drawdown_pct,
        "models": {
            model: {"fills": len(each.run.fills), "net_pnl": float(each.run.split.total), "orders": each.run.orders}
            for model, each in answers.items()
        },
        **bracket,
        "split": {
            "spread": float(split.spread),
            "adverse_selection": float(split.adverse_selection),
            "inventory": float(split.inventory),
            "fees": float(split.fees),
        },
        "exact": {"net_pnl": str(split.total), "fees": str(split.fees)},
        "markouts_bps": _markouts([each for rows in run.markouts.values() for each in rows]),
        "skipped": {pair: notes.counts for pair, notes in run.notes.items()},
        "remarks": {pair: notes.remarks for pair, notes in run.notes.items() if notes.remarks},
        "left_lots": run.left_lots,
        "halted": run.halted,
        "alerts": run.alerts,
        "decisions_digest": run.digest,
    }


def print_result(job: BacktestJob, answers: Answers, told: Mapping[str, object]) -> None:
    """Print the result for people."""
    answer = chosen_of(answers)
    run, figures, split = answer.run, answer.performance, answer.run.split
    hours = (run.ended_ns - run.began_ns) / 3.6e12
    say(f"{job.strategy} on {', '.join(run.notes)}: {run.events:,} events, {hours:.2f} h in {answer.seconds:.1f} s")
    table = new_table("fill model", ">orders", ">fills", ">round trips", ">net", ">fees", ">deepest fall")
    for model, each in answers.items():
        table.add_row(
            model,
            str(each.run.orders),
            str(len(each.run.fills)),
            str(each.performance.round_trips),
            f"{each.run.split.total:+.{MONEY_SHOWN_DECIMALS}f}",
            f"{each.run.split.fees:.{MONEY_SHOWN_DECIMALS}f}",
            f"{each.performance.max_drawdown_pct:.2f} %",
        )
    output().print(table)
    if run.fills:
        say(
            f"{name_of(answers, answer)}: spread {split.spread:+.4f}, adverse selection {split.adverse_selection:+.4f},"
            f" inventory {split.inventory:+.4f}, fees {-split.fees:+.4f}"
        )
    if figures.win_rate_pct is not None:
        say(f"{figures.win_rate_pct:.1f} % of the round trips won, {figures.expectancy:+.4f} each on average")
    if figures.sharpe is not None:
        say(f"Sharpe {figures.sharpe:.2f} ± {figures.sharpe_error:.2f} a year; a single recording proves nothing")
    say(range_text(told))
    say(sign_text(told), None if told["sign_stable"] else "yellow")
    for pair, notes in run.notes.items():
        if counted := [f"{count} {what}" for what, count in notes.counts.items() if count]:
            say(f"{pair}: skipped {', '.join(counted)}", "yellow")
        for remark in notes.remarks:
            say(f"{pair}: {remark}", "yellow")
    if run.halted:
        say(f"halted: {run.halted}", "red")
    last = run.equity[-1][1] if run.equity else None
    if last is not None:
        say(f"equity at the end {money_text(last, 4)}; decisions {run.digest}")


def name_of(answers: Answers, answer: BacktestAnswer) -> str:
    """Return which fill model's answer this is."""
    return next(name for name, each in answers.items() if each is answer)


def sign_text(told: Mapping[str, object]) -> str:
    """Return in words whether it is known if this was a profit."""
    models, bracket = told["models"], told["bracket"]
    assert isinstance(models, Mapping), models
    assert isinstance(bracket, Mapping), bracket
    if not any(each["fills"] for each in models.values()):
        return "nothing was filled, so there is no result to judge"
    if len(models) == 1:
        return "one fill model alone says nothing about the sign: --fills all asks every one"
    if not told["sign_stable"]:
        return "the fill models disagree on the sign: this result is unknown"
    low, high = bracket["believable_low"], bracket["believable_high"]
    if low is not None and low < 0 < high:
        return "every fill model agrees on the sign, but what is believable reaches across zero"
    return "every fill model agrees on the sign"


def range_text(told: Mapping[str, object]) -> str:
    """Return what the net profit is between: over the models, and as far as that is to be believed."""
    bracket = told["bracket"]
    assert isinstance(bracket, Mapping), bracket
    shown = {name: f"{value:+.{MONEY_SHOWN_DECIMALS}f}" for name, value in bracket.items() if value is not None}
    words = f"net {shown['low']} to {shown['high']} over the fill models"
    if "calibrated" in shown:
        words += f", calibrated {shown['calibrated']}"
    if "believable_low" in shown:
        words += f"; believable {shown['believable_low']} to {shown['believable_high']}"
    return words


def _markouts(rows: list[Markout]) -> dict[str, float | None]:
    return {f"{seconds}s": mean_move_bps(rows, seconds) for seconds in HORIZONS_S}
