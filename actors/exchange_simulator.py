"""The simulated exchange as a process: market and exchange inside, a Kraken-compatible server around them.

Rules: the exchange's clock runs with the machine's steady clock, `speed` times as fast; at speed 1 it is the time of day.
    What an account did is on disk before anybody is told of it.
Owns: the state file, the ledger file, the listening port.
Known limit: at another speed than 1 the exchange's time leaves the time of day, and deadlines are judged by its time.
"""

import asyncio
import contextlib
import random
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from actors.exchange_market import SYNTHETIC, MarketClockwork, build_market, listed_instruments
from actors.exchange_memory import Memory
from actors.spec import EXIT_DONE, EXIT_FAILED, ActorSpec
from actors.vitals import Vitals
from wildbot.adapters import log
from wildbot.adapters.home import Home
from wildbot.adapters.venue_clock import VenueClock, time_of_day_ns
from wildbot.adapters.venue_server import PortInUseError, VenueServer, listen
from wildbot.adapters.zmq_bus import Spoke
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, FeeSchedule, parse_scaled, scaled_text
from wildbot.protocol.bus import encode
from wildbot.settings import Profile
from wildbot.settings_loading import load
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.market import Market
from wildbot.simulation.order_rate import TIERS
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_admin import LOOPBACK_HOSTS, SCRIPT_ACCOUNTS, AdminFace
from wildbot.venues.kraken.server_keys import TIERS as TIER_LIMITS
from wildbot.venues.kraken.server_keys import ApiKey, KeyRing
from wildbot.venues.kraken.server_rest import RestFace
from wildbot.venues.kraken.signing import secret_bytes

NAME = "exchange_simulator"
ACCOUNT = "main"
HEARTBEAT_S = 0.5
WARMUP_STEP_NS = 10 * NANOS_PER_SECOND
CAUGHT_UP_NS = 50 * NANOS_PER_MS
PPM_PER_PERCENT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOptions:
    """How one simulated exchange shall be. `balances` are decimal texts by asset; fees are in percent."""

    api_key: str
    api_secret: str = field(repr=False)
    port: int = 8765
    host: str = "127.0.0.1"
    seed: int = 7
    market: str = "synthetic"
    data: Path | None = None
    pairs: tuple[str, ...] = ()
    speed: float = 1.0
    activity: float = 1.0
    tier: str = "intermediate"
    maker_pct: Decimal = Decimal("0.25")
    taker_pct: Decimal = Decimal("0.40")
    balances: tuple[tuple[str, str], ...] = (("USDC", "16"),)
    latency_ms: float = 0.0
    ledger: Path | None = None
    state: Path | None = None
    warmup_s: float = 600.0


def run(options: ExchangeOptions, heartbeat: Callable[[], None] | None = None) -> int:
    """Run the exchange until TERM or INT; return the exit code.

    `heartbeat` is called twice a second. Raises: ConfigurationError for options that cannot be used.
    """
    _check(options)
    try:
        listener = listen(options.host, options.port)
    except PortInUseError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    with contextlib.closing(listener), contextlib.closing(Memory(options.state, options.ledger)) as memory:
        fees = FeeSchedule(_ppm(options.maker_pct), _ppm(options.taker_pct))
        instruments = listed_instruments(options.market, options.data, options.pairs)
        exchange = SimulatedExchange(instruments, rng=_rng(options, "ids"), fees=fees, tier=TIERS[options.tier])
        _restore(exchange, memory, options)
        market = build_market(options.market, exchange, options.data, options.activity, _rng(options, "market"))
        keys = KeyRing()
        keys.add(ApiKey(ACCOUNT, options.api_key, options.api_secret, TIER_LIMITS[options.tier]))
        latency_ns = int(options.latency_ms * NANOS_PER_MS)
        server = KrakenServer(
            exchange, keys, _rng(options, "tokens"), latency_ns=latency_ns, keep_unsaved=options.ledger is not None
        )
        server.on_events = memory.keep
        clockwork = MarketClockwork(market, VenueClock(_warm_up(exchange, server, market, options), options.speed))
        clockwork.on_turn = lambda: memory.keep_ledger(server.ledger.take_unsaved())
        venue = VenueServer(server, RestFace(server, ACCOUNT), AdminFace(server), clockwork)
        _announce(options, listener.getsockname()[1])
        asyncio.run(_serve(venue, listener, heartbeat))
        memory.keep_ledger(server.ledger.take_unsaved())
    return EXIT_DONE


def _rng(options: ExchangeOptions, purpose: str) -> random.Random:
    """One generator per purpose: what clients ask for does not change the market."""
    return random.Random(f"{options.seed} {purpose}")


async def _serve(venue: VenueServer, listener: socket.socket, heartbeat: Callable[[], None] | None) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, venue.stop)
    beating = asyncio.create_task(_beat(heartbeat)) if heartbeat else None
    try:
        await venue.serve(listener)
    finally:
        if beating is not None:
            beating.cancel()


async def _beat(heartbeat: Callable[[], None]) -> None:
    while True:
        heartbeat()
        await asyncio.sleep(HEARTBEAT_S)


def _check(options: ExchangeOptions) -> None:
    secret_bytes(options.api_secret)
    if not options.api_key:
        raise ConfigurationError("exchange.api_key is empty, so nobody could use the simulated exchange")
    if options.host not in LOOPBACK_HOSTS:
        raise ConfigurationError(f"the simulated exchange serves this machine only, not {options.host!r}")
    if options.tier not in TIERS:
        raise ConfigurationError(f"tier is {options.tier!r} but must be one of: {', '.join(TIERS)}")
    if not 0 < options.speed <= 1_000:
        raise ConfigurationError(f"speed is {options.speed} but must be above 0 and at most 1000")
    for asset, amount in options.balances:
        _units(asset, amount)


def _restore(exchange: SimulatedExchange, memory: Memory, options: ExchangeOptions) -> None:
    for account in (ACCOUNT, *SCRIPT_ACCOUNTS.values()):
        exchange.open_account(account)
    past = memory.past(ACCOUNT)
    if past is None:
        for asset, amount in options.balances:
            exchange.deposit(ACCOUNT, asset, _units(asset, amount), _warm_up_from_ns(options))
        return
    known = exchange.instruments
    exchange.restore(
        ACCOUNT,
        past.balances,
        [execution for execution in past.executions if execution.pair in known],
        [order for order in past.closed if order.pair in known],
    )


def _warm_up_from_ns(options: ExchangeOptions) -> int:
    """A synthetic market has lived for a while when the doors open; a recorded day begins with them."""
    return time_of_day_ns() - (int(options.warmup_s * NANOS_PER_SECOND) if options.market == SYNTHETIC else 0)


def _warm_up(exchange: SimulatedExchange, server: KrakenServer, market: Market, options: ExchangeOptions) -> int:
    """Run the market up to the present and return the time it reached."""
    now_ns = _warm_up_from_ns(options)
    server.publish(now_ns)
    market.start(now_ns)
    while (behind := time_of_day_ns() - now_ns) > CAUGHT_UP_NS:
        now_ns += min(behind, WARMUP_STEP_NS)
        market.step(now_ns)
        server.warm()
    server.open()
    balances = {asset: scaled_text(units, ASSET_DECIMALS) for asset, units in exchange.balances(ACCOUNT).items()}
    server.ledger.record("open", now_ns, {"account": ACCOUNT, "balances": balances, "seed": options.seed})
    return max(now_ns, time_of_day_ns())


def _announce(options: ExchangeOptions, port: int) -> None:
    at = f"{options.host}:{port}"
    sys.stdout.write(
        f"simulated exchange: REST http://{at}/0/, public ws://{at}/public/v2, private ws://{at}/private/v2,"
        f" key {options.api_key}, secret {options.api_secret}\n"
    )
    sys.stdout.flush()


def _units(asset: str, amount: str) -> int:
    try:
        units = parse_scaled(amount, ASSET_DECIMALS)
    except ProtocolError as error:
        raise ConfigurationError(f"balance {asset}={amount} cannot be read: {error}") from None
    if units < 0:
        raise ConfigurationError(f"balance {asset}={amount} is negative")
    return units


def _ppm(percent: Decimal) -> int:
    return int(percent * PPM_PER_PERCENT)


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
        data=Path(exchange.data) if exchange.data else None,
        pairs=settings.trading.universe if exchange.market == "synthetic" else (),
        speed=exchange.speed,
        activity=exchange.activity,
        tier=settings.kraken.tier,
        maker_pct=exchange.maker_pct,
        taker_pct=exchange.taker_pct,
        balances=((settings.capital.currency, str(settings.capital.starting)),),
        latency_ms=exchange.latency_ms,
        state=home.data / f"exchange-{settings.profile}.jsonl",
        warmup_s=exchange.warmup_s,
    )
    logger = log.start(home, NAME, settings.log.level)
    logger.info("start: {} market, seed {}, speed {}, port {}", options.market, options.seed, options.speed, options.port)
    try:
        code = run(options, beat)
        logger.info("end code={}", code)
        return code
    finally:
        link.close()
        lock.release()


ACTOR = ActorSpec(NAME, "the simulated exchange: Kraken's interface on a loopback port", _start)
