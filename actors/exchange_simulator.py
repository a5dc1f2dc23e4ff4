"""The simulated exchange as a process: market and exchange inside, a Kraken-compatible server around them.

Rules: the exchange's clock runs with the machine's steady clock and is the time of day; with `speed` the market in it
    lives faster or slower. What an account did is on disk before anybody is told of it.
Owns: the state file, the ledger file, the listening port.
"""

import asyncio
import contextlib
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from actors.exchange_accounts import (
    AccountOption,
    balance_texts,
    check_accounts,
    engine_rules,
    first_deposit,
    open_accounts,
)
from actors.exchange_joint import open_recordings
from actors.exchange_keys import key_ring
from actors.exchange_market import (
    REPLAY,
    SPEED_MAX_WORD,
    SYNTHETIC,
    MarketClockwork,
    Terms,
    announce_end,
    build_market,
    listed_instruments,
    named_scenario,
)
from actors.exchange_memory import Memory
from actors.exchange_mirror import MirrorSource, check_mirror
from actors.exchange_serving import announce, serve
from actors.exchange_tapes import AUTO
from actors.spec import EXIT_DONE, EXIT_FAILED, ActorSpec
from actors.truth_files import believed_power
from actors.vitals import Vitals
from wildbot.adapters import log
from wildbot.adapters.home import Home
from wildbot.adapters.venue_clock import VenueClock, time_of_day_ns
from wildbot.adapters.venue_server import PortInUseError, VenueServer, listen
from wildbot.adapters.zmq_bus import Spoke
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, FeeSchedule
from wildbot.protocol.bus import encode
from wildbot.settings import Profile
from wildbot.settings_loading import load
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.fills import QueuePosition, fill_models
from wildbot.simulation.market import Market
from wildbot.simulation.order_rate import TIERS
from wildbot.simulation.pace import FULL_SPEED, Pace
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_admin import LOOPBACK_HOSTS, AdminFace
from wildbot.venues.kraken.server_rest import RestFace
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

NAME = "exchange_simulator"
ACCOUNT = "main"
WARMUP_STEP_NS = NANOS_PER_SECOND
CAUGHT_UP_NS = 50 * NANOS_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOptions:
    """How one simulated exchange shall be. `balances` are decimal texts by asset, of the first account; `accounts` are the
    others, `key_info` what is said of their keys. Fees are in percent; without them rates follow the published table.
    Speed 0 is as fast as possible. `mirror` is the public address of another exchange whose market is mirrored instead;
    orders fill by `fill_model` and its `queue_power`. `tells_json`: the first line, with addresses and key, is for
    programs."""

    api_key: str
    api_secret: str = field(repr=False)
    port: int = 8765
    host: str = "127.0.0.1"
    seed: int = 7
    market: str = "synthetic"
    data: tuple[Path, ...] = ()
    sample_if_missing: bool = False
    format: str = AUTO
    scenario: str = "normal"
    pairs: tuple[str, ...] = ()
    speed: float = 1.0
    activity: float = 1.0
    tier: str = "intermediate"
    fees: FeeSchedule | None = None
    balances: tuple[tuple[str, str], ...] = (("USDC", "16"),)
    accounts: tuple[AccountOption, ...] = ()
    key_info: tuple[str, ...] = ()
    assume: Unconfirmed = DEFAULTS
    latency_ms: float = 0.0
    ledger: Path | None = None
    state: Path | None = None
    warmup_s: float = 600.0
    mirror: str = ""
    fill_model: str = QueuePosition.name
    queue_power: float = 1.0
    tells_json: bool = False

    @property
    def all_accounts(self) -> tuple[AccountOption, ...]:
        """The first account and the others."""
        first = AccountOption(name=ACCOUNT, key=self.api_key, secret=self.api_secret, balances=self.balances)
        return (first, *self.accounts)


def run(options: ExchangeOptions, heartbeat: Callable[[], None] | None = None, vitals: Vitals | None = None) -> int:
    """Run the exchange until TERM or INT; return the exit code.

    `heartbeat` is called twice a second, `vitals` measures. Raises: ConfigurationError for options that cannot be used.
    """
    _check(options)
    try:
        listener = listen(options.host, options.port)
    except PortInUseError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    with (
        contextlib.closing(listener),
        contextlib.closing(Memory(options.state, options.ledger)) as memory,
        asyncio.Runner() as runner,
    ):
        pace = Pace(options.speed)
        source = None
        if options.mirror:
            source = MirrorSource(options.mirror, options.pairs, runner.get_loop(), _rng(options, "feed"))
            if not runner.run(source.learn(heartbeat)):
                return EXIT_DONE
        model = fill_models(options.queue_power)[options.fill_model]
        exchange, market = source.build(model, _terms(options)) if source else _simulated(options, pace)
        open_accounts(exchange, memory, options.all_accounts, _warm_up_from_ns(options))
        latency_ns = int(options.latency_ms * NANOS_PER_MS)
        server = KrakenServer(
            exchange,
            key_ring(options.all_accounts, options.key_info, options.tier, options.assume),
            _rng(options, "tokens"),
            latency_ns=latency_ns,
            keep_unsaved=options.ledger is not None,
            assume=options.assume,
        )
        server.on_events = memory.keep
        opened_ns = _warm_up(exchange, server, market, options)
        pace.tie(opened_ns)
        clock = VenueClock(opened_ns, 1.0)
        server.set_clock = clock.set_offset
        clockwork = MarketClockwork(market, clock, pace, ends=source is None and options.market == REPLAY)
        clockwork.on_turn = lambda: memory.keep_ledger(server.ledger.take_unsaved())

        def tape_ended(reason: str) -> None:
            announce_end(reason)
            server.ledger.record("tape_ended", clockwork.now_ns(), {"reason": reason})

        clockwork.on_end = tape_ended
        venue = VenueServer(server, RestFace(server), AdminFace(server), clockwork)
        if vitals is not None:
            venue.on_work = vitals.turn_took
        if source is not None:
            source.attach(server, clockwork.now_ns, venue.stop)
        announce(listener, options.api_key, options.api_secret, as_json=options.tells_json)
        runner.run(serve(venue, listener, heartbeat))
        if source is not None:
            source.close()
        memory.keep_ledger(server.ledger.take_unsaved())
    return EXIT_DONE


def _terms(options: ExchangeOptions) -> Terms:
    rules = engine_rules(options.assume)
    return Terms(
        rng=_rng(options, "ids"),
        fees=options.fees,
        tier=TIERS[options.tier],
        rules=rules,
    )


def _simulated(options: ExchangeOptions, pace: Pace) -> tuple[SimulatedExchange, Market]:
    sample_seed = options.seed if options.sample_if_missing else None
    is_replay = options.market == REPLAY
    recording = open_recordings(options.data, options.format, options.pairs, sample_seed) if is_replay else None
    exchange = SimulatedExchange(listed_instruments(options.market, recording, options.pairs), **_terms(options))
    market = build_market(
        exchange,
        recording,
        _rng(options, "market"),
        activity=options.activity,
        scenario=named_scenario(options.scenario),
        warmup_s=options.warmup_s,
        pace=pace,
    )
    return exchange, market


def _rng(options: ExchangeOptions, purpose: str) -> random.Random:
    """One generator per purpose: what clients ask for does not change the market."""
    return random.Random(f"{options.seed} {purpose}")


def _check(options: ExchangeOptions) -> None:
    check_accounts(options.all_accounts)
    if options.host not in LOOPBACK_HOSTS:
        raise ConfigurationError(f"the simulated exchange serves this machine only, not {options.host!r}")
    if options.tier not in TIERS:
        raise ConfigurationError(f"tier is {options.tier!r} but must be one of: {', '.join(TIERS)}")
    if not FULL_SPEED <= options.speed <= 1_000:
        raise ConfigurationError(f"speed is {options.speed} but must be above 0 and at most 1000, or {SPEED_MAX_WORD!r}")
    named_scenario(options.scenario)
    if options.mirror:
        check_mirror(options.pairs, options.speed, options.fill_model)


def _warm_up_from_ns(options: ExchangeOptions) -> int:
    """A synthetic market has lived for a while when the doors open; a recorded day begins with them."""
    lives_before = options.market == SYNTHETIC and not options.mirror
    return time_of_day_ns() - (int(options.warmup_s * NANOS_PER_SECOND) if lives_before else 0)


def _warm_up(exchange: SimulatedExchange, server: KrakenServer, market: Market, options: ExchangeOptions) -> int:
    """Run the market up to the present and return the time it reached."""
    now_ns = _warm_up_from_ns(options)
    server.publish(now_ns)
    market.start(now_ns)
    while (behind := time_of_day_ns() - now_ns) > CAUGHT_UP_NS:
        now_ns += min(behind, WARMUP_STEP_NS)
        market.step(now_ns)
        server.warm()
    server.open(now_ns)
    for each in options.all_accounts:
        fields = {"account": each.name, "balances": balance_texts(exchange, each.name), "seed": options.seed}
        server.ledger.record("open", now_ns, fields)
    return max(now_ns, time_of_day_ns())


def _start(words: Sequence[str]) -> int:
    settings = load().settings
    exchange = settings.exchange
    if not exchange.embedded or settings.profile not in (Profile.SIM, Profile.PAPER):
        return EXIT_DONE
    home = Home(settings.home)
    home.prepare()
    lock = home.lock(NAME)
    link = Spoke(home.socket("actors"), NAME)
    vitals = Vitals()

    def beat() -> None:
        link.drain()  # the supervisor's acknowledgements; the exchange outlives it and obeys signals only
        link.send(encode(vitals.heartbeat(NAME, 0, "running", time_of_day_ns())))

    options = ExchangeOptions(
        api_key=exchange.api_key,
        api_secret=exchange.api_secret,
        port=exchange.port,
        seed=exchange.seed,
        market=exchange.market,
        data=tuple(map(Path, exchange.data)),
        sample_if_missing=exchange.sample_if_missing,
        pairs=settings.trading.universe if exchange.market == "synthetic" else (),
        format=exchange.format,
        scenario=exchange.scenario,
        speed=FULL_SPEED if isinstance(exchange.speed, str) else exchange.speed,
        activity=exchange.activity,
        mirror=settings.mirrored_ws_url,
        fill_model=exchange.fill_model,
        queue_power=believed_power(home, settings),
        tier=settings.kraken.tier,
        fees=exchange.rates,
        balances=first_deposit(settings),
        latency_ms=exchange.latency_ms,
        state=home.data / f"exchange-{settings.profile}.jsonl",
        warmup_s=exchange.warmup_s,
    )
    logger = log.start(home, NAME, settings.log.level)
    market = f"mirror of {options.mirror}, {options.fill_model} fills" if options.mirror else f"{options.market} market"
    logger.info("start: {}, seed {}, speed {}, port {}", market, options.seed, options.speed, options.port)
    try:
        code = run(options, beat, vitals)
        logger.info("end code={}", code)
        return code
    finally:
        link.close()
        lock.release()


ACTOR = ActorSpec(NAME, "the simulated exchange: Kraken's interface on a loopback port", _start)
