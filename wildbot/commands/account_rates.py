"""The account's own maker and taker rates, asked for by the command line or stated on it.

Rules: our own exchange charges what the settings say. Elsewhere the exchange is asked with the account's key; while the
    order gateway holds that key, its maker rate is read from the running system and the taker rate is that of the same
    step of the exchange's published schedule.
"""

import os
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.home import Home
from wildbot.adapters.key_hold import KeyHold
from wildbot.adapters.secrets import read_api_key
from wildbot.commands.venue_question import NOBODY, ask_exchange
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.instrument import FeeSchedule, parse_scaled
from wildbot.settings import Settings
from wildbot.venues.kraken.rest import RestReader

PERCENT_TO_PPM_DECIMALS = 4
PPM_PER_ROUND_TRIP_BPS = 50
"""A hurdle of one basis point is two maker fees of half a basis point."""


class _Schedule(msgspec.Struct):
    """What AssetPairs publishes of fees: (volume, percent) steps, dearest first."""

    wsname: str = ""
    fees: list[tuple[int, Decimal]] = []
    fees_maker: list[tuple[int, Decimal]] = []


def account_rates(settings: Settings, home: Home, pairs: Sequence[str]) -> dict[str, FeeSchedule]:
    """Return the rates by pair; a pair nobody states rates of is left out.

    Raises:
        ConfigurationError: when they cannot be known here; `--fees` states them.
        AlreadyRunningError: when another WildBot of this machine trades with the key.
    """
    if settings.exchange.embedded:
        return dict.fromkeys(pairs, settings.exchange.rates)
    reader = RestReader(tuple(pairs))
    described = _answer(settings, "AssetPairs")
    reader.asset_pairs(described)
    reply = ControlClient(home.socket("control")).call("status")
    if reply.ok:
        return _running_rates(reply.result, reader, described)
    key = read_api_key(dict(os.environ))
    if key is None:
        raise ConfigurationError("the account's rates are not known without its key; state them with --fees MAKER,TAKER")
    hold = KeyHold(key, settings.rest_url)
    try:
        keys = ",".join(instrument.rest_key for instrument in reader.instruments.values())
        answer = ask_exchange(settings.rest_url, "TradeVolume", key, {"pair": keys})
    finally:
        hold.release()
    if not isinstance(answer, bytes):
        raise ConfigurationError(f"the exchange does not tell the account's rates: {answer}; state them with --fees")
    return reader.fees(answer)


def _answer(settings: Settings, endpoint: str) -> bytes:
    answer = ask_exchange(settings.rest_url, endpoint, NOBODY)
    if not isinstance(answer, bytes):
        raise ConfigurationError(f"{settings.rest_url} does not answer: {answer}; state the rates with --fees")
    return answer


def _running_rates(document: dict[str, object], reader: RestReader, described: bytes) -> dict[str, FeeSchedule]:
    try:
        schedules = msgspec.json.decode(described, type=dict[str, _Schedule])
        rows = msgspec.convert(document.get("scanner", []), list[dict[str, object]])
    except msgspec.ValidationError as error:
        raise ProtocolError(f"unreadable fees: {error}") from None
    by_key = {instrument.pair: instrument.rest_key for instrument in reader.instruments.values()}
    found: dict[str, FeeSchedule] = {}
    for row in rows:
        pair, hurdle = str(row.get("pair")), row.get("hurdle_bps")
        schedule = schedules.get(by_key.get(pair, ""))
        if isinstance(hurdle, int | float) and schedule is not None:
            maker_ppm = round(hurdle * PPM_PER_ROUND_TRIP_BPS)
            found[pair] = FeeSchedule(maker_ppm, _taker_ppm(schedule, maker_ppm))
    return found


def _taker_ppm(schedule: _Schedule, maker_ppm: int) -> int:
    """Return the taker rate of the published step that has this maker rate; of the dearest, where there is none."""
    steps = [
        tuple(parse_scaled(str(percent), PERCENT_TO_PPM_DECIMALS) for percent in (maker, taker))
        for (_, maker), (_, taker) in zip(schedule.fees_maker, schedule.fees, strict=False)
    ]
    same = [taker for maker, taker in steps if maker == maker_ppm]
    return (same or [taker for _, taker in steps[:1]] or [maker_ppm])[0]


def stated_rates(text: str) -> FeeSchedule:
    """Return "MAKER,TAKER" in percent as rates. Raises: ConfigurationError when it is no such pair."""
    try:
        maker, taker = (parse_scaled(part.strip(), PERCENT_TO_PPM_DECIMALS) for part in text.split(","))
    except (ValueError, ProtocolError):
        raise ConfigurationError(f"--fees is {text!r} but must be MAKER,TAKER in percent, such as 0.25,0.40") from None
    return FeeSchedule(maker, taker)
