"""REST answers about an account's money: balances, their value, its ledger, its volume and fees.

Rules: amounts are strings with their asset's decimals; lists are paged by 50, newest first; ids are the keys of the answer.
Source: Kraken REST account pages and recorded answers.
Known limit: the account's value counts the quote currency as dollars, and assets at the middle of their book.
"""

from itertools import pairwise

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import ASSET_DECIMALS, FeeTier, LedgerEntry
from wildbot.model.instrument import Money, money_text, round_half_up, scaled_text
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_keys import ApiKey
from wildbot.venues.kraken.server_names import PairNames, asset_id, precision
from wildbot.venues.kraken.server_pages import offset_of, page_of, span_of, wanted_ids
from wildbot.venues.kraken.server_rest_fields import text_of, truth
from wildbot.venues.kraken.server_text import asset_text, unix_number
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

Result = dict[str, object]
LEDGER_KINDS = frozenset(
    {"all", "deposit", "withdrawal", "trade", "margin", "rollover", "transfer", "staking", "adjustment"}
)


class RestMoney:
    """One method per endpoint, called by name."""

    def __init__(self, exchange: Exchange, names: PairNames, assume: Unconfirmed = DEFAULTS) -> None:
        self._exchange = exchange
        self._names = names
        self._assume = assume
        self.endpoints = {
            "Balance": self._balance,
            "BalanceEx": self._balance_ex,
            "TradeBalance": self._trade_balance,
            "TradeVolume": self._trade_volume,
            "Ledgers": self._ledgers,
            "QueryLedgers": self._query_ledgers,
        }

    def _balance(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        balances = sorted(self._exchange.balances(key.account).items())
        return {asset_id(asset): asset_text(units, precision(asset)) for asset, units in balances}

    def _balance_ex(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        holds = self._exchange.holds(key.account)
        return {
            asset_id(asset): {
                "balance": asset_text(units, precision(asset)),
                "hold_trade": asset_text(holds.get(asset, 0), precision(asset)),
            }
            for asset, units in sorted(self._exchange.balances(key.account).items())
        }

    def _trade_balance(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        balances = self._exchange.balances(key.account)
        quotes = {instrument.quote for instrument in self._exchange.instruments.values()}
        value = sum(units for asset, units in balances.items() if asset in quotes)
        for instrument in self._exchange.instruments.values():
            bids, asks = self._exchange.depth(instrument.pair, 1)
            if bids and asks and instrument.base in balances:
                middle = bids[0][0] + asks[0][0]
                value += round_half_up(balances[instrument.base] * middle, 2 * 10**instrument.price_decimals)
        text = scaled_text(round_half_up(value, 10 ** (ASSET_DECIMALS - 4)), 4)
        zero = "0.0000"
        return {"eb": text, "tb": text, "m": zero, "uv": zero, "n": zero, "c": zero, "v": zero, "e": text, "mf": text}

    def _trade_volume(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        volume = self._exchange.volume_money(key.account)
        result: Result = {"currency": "ZUSD", "volume": money_text(volume, 4)}
        if text_of(body, "fee_schedule") and self._assume.schedules == "empty":
            result["schedules"] = {}
        if not text_of(body, "pair"):
            return {**result, "fees": None, "fees_maker": None}
        taker: Result = {}
        maker: Result = {}
        for name in text_of(body, "pair").split(","):
            instrument = self._names.pair(name.strip())
            table = self._exchange.fee_table(instrument.pair)
            taker[instrument.rest_key] = _fee_entry([(tier, tier.taker_ppm) for tier in table], volume)
            maker[instrument.rest_key] = _fee_entry([(tier, tier.maker_ppm) for tier in table], volume)
        return {**result, "fees": taker, "fees_maker": maker}

    # --- the ledger -------------------------------------------------------------------------------------------------

    def _ledgers(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        entries = self._exchange.ledger_entries(key.account)
        assets = text_of(body, "asset")
        if assets and assets != "all":
            chosen = {self._names.asset(name.strip()) for name in assets.split(",")}
            entries = [entry for entry in entries if entry.asset in chosen]
        kind = text_of(body, "type") or "all"
        if kind not in LEDGER_KINDS:
            raise VenueRefusal("EGeneral:Invalid arguments:type")
        times = {entry.ledger_id: entry.ts_ns for entry in entries}
        start, end = span_of(body, times)
        entries = [entry for entry in entries if kind in ("all", entry.kind) and start < entry.ts_ns <= end]
        page: Result = {entry.ledger_id: _entry(entry) for entry in page_of(entries, offset_of(body))}
        return {"ledger": page} if truth(body, "without_count") else {"count": len(entries), "ledger": page}

    def _query_ledgers(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        by_id = {entry.ledger_id: entry for entry in self._exchange.ledger_entries(key.account)}
        wanted = wanted_ids(body, "id")
        if any(ledger_id not in by_id for ledger_id in wanted):
            raise VenueRefusal("EQuery:Unknown ledger")
        return {ledger_id: _entry(by_id[ledger_id]) for ledger_id in wanted}


def _entry(entry: LedgerEntry) -> Result:
    decimals = precision(entry.asset)
    return {
        "aclass": "currency",
        "amount": asset_text(entry.change, decimals),
        "asset": asset_id(entry.asset),
        "balance": asset_text(entry.balance, decimals),
        "fee": asset_text(entry.fee, decimals),
        "refid": entry.ref_id,
        "time": unix_number(entry.ts_ns),
        "type": entry.kind,
        "subtype": "",
    }


def _fee_entry(tiers: list[tuple[FeeTier, int]], volume: Money) -> Result:
    """Return the tier a volume has reached and the one after it; `tiers` with one side's rates, the first from 0 on."""
    current, upcoming = tiers[0], tiers[1] if len(tiers) > 1 else None
    for here, following in pairwise([*tiers, None]):
        if here is not None and here[0].volume <= volume:
            current, upcoming = here, following
    rates = [ppm for _, ppm in tiers]
    return {
        "fee": scaled_text(current[1], 4),
        "minfee": scaled_text(min(rates), 4),
        "maxfee": scaled_text(max(rates), 4),
        "nextfee": scaled_text(upcoming[1], 4) if upcoming else None,
        "nextvolume": money_text(upcoming[0].volume, 4) if upcoming else None,
        "tiervolume": money_text(current[0].volume, 4),
    }
