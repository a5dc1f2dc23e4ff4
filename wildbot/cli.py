"""The `wildbot` command: its verbs in the order a person meets them; each lives in `wildbot/commands/`."""

import typer

from wildbot.commands.listed import Verb, group_of

VERBS = {
    "Run": (
        Verb("up", "up:up", "Start everything and trade; Ctrl-C stops in order."),
        Verb("down", "down:down", "Stop in order: no new orders, cancel, confirm none rest, then the processes."),
        Verb("doctor", "doctor:doctor", "Check the whole installation and say the cure of each finding."),
        Verb("config", "config:config", "Show the settings in force and the origin of each."),
        Verb(
            "backup", "backup:backup", "Copy the journal, and what its fills were worth: whole, checked, without any key."
        ),
    ),
    "See": (
        Verb("status", "status:status", "Show what runs, what it holds and what it earned."),
        Verb("pairs", "status:pairs", "Show the pair scanner's ranking: which pair deserves a trader, and why."),
        Verb("logs", "logs:logs", "Show the end of an actor's log."),
        Verb("report", "report:report", "Report sessions, statistics, trades and where the money came from."),
        Verb("viability", "viability:viability", "Say whether this account can win on each pair."),
    ),
    "Steer": (
        Verb("swap", "steer:swap", "Trade another pair instead of one; nothing else restarts."),
        Verb("start", "steer:start", "Trade a pair: one that was stopped, one in quarantine, or one more."),
        Verb("stop", "steer:stop", "Stop trading a pair until it is started again."),
        Verb("pause", "steer:pause", "Take no new entries; exits go on."),
        Verb("resume", "steer:resume", "Take entries again after a pause."),
        Verb("flatten", "steer:flatten", "Cancel all orders and leave the position, inside the price collar; then pause."),
        Verb("halt", "steer:halt", "Cancel everything and refuse every order until `wildbot rearm`."),
        Verb("rearm", "steer:rearm", "Trade again after a halt."),
    ),
    "Recordings and virtual time": (
        Verb("record", "record:record", "Write down books, trades and tickers, verified, as Parquet files."),
        Verb("import-recording", "record:import_recording", "Turn a recording of another kind into WildBot's own format."),
        Verb("backtest", "backtest:backtest", "Run a strategy over recordings: the live engine in virtual time."),
        Verb("sweep", "sweep:sweep", "Try many parameters on the first part of recordings, the best on the rest."),
        Verb(
            "truth",
            "truth:truth",
            "Compare real fills and profits in simulated markets with what paper says of the same markets.",
        ),
    ),
    "Workshop": (
        Verb("exchange", "exchange:exchange", "Run the simulated exchange alone on a loopback port until Ctrl-C."),
        Verb("drill", "drill:drill", "Break things on purpose, one by one; a checker judges the end."),
        Verb("bench", "bench:app", "Measure this machine."),
    ),
}
"""Heading -> its verbs: one line each, naming the function, decorated with `explained`, that is the verb."""

app = typer.Typer(
    cls=group_of(VERBS),
    help="WildBot scalps and makes markets on Kraken: simulated, on paper, or live. Start with `wildbot up`.",
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 halted for safety, 4 not running, 5 timed out, 78 configuration.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def wildbot() -> None:
    """Take the options that stand before a verb: there are none but help and shell completion."""


def main() -> None:
    """Run the command line."""
    app(prog_name="wildbot")


if __name__ == "__main__":
    main()
