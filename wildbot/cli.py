"""The `wildbot` command: its verbs in the order a person meets them; each lives in `wildbot/commands/`."""

import typer

from wildbot.commands import (
    backtest,
    backup,
    bench,
    config,
    doctor,
    drill,
    exchange,
    logs,
    record,
    report,
    status,
    steer,
    sweep,
    up,
    viability,
)
from wildbot.commands.terminal import explained

app = typer.Typer(
    help="WildBot scalps and makes markets on Kraken: simulated, on paper, or live. Start with `wildbot up`.",
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 halted for safety, 4 not running, 5 timed out, 78 configuration.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    up.up,
    up.down,
    status.status,
    status.pairs,
    steer.swap,
    steer.pause,
    steer.resume,
    steer.flatten,
    steer.halt,
    steer.rearm,
    logs.logs,
    config.config,
    doctor.doctor,
    viability.viability,
    report.report,
    backup.backup,
    exchange.exchange,
    drill.drill,
    record.record,
    record.import_recording,
    backtest.backtest,
    sweep.sweep,
):
    app.command()(explained(verb))
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Run the command line."""
    app(prog_name="wildbot")


if __name__ == "__main__":
    main()
