"""NautilusTrader beside our backtest: a maker at the touch over the same rows. Run by an interpreter that has it.

Its ways: its own message bus, cache, portfolio and order objects; a level book; a resting order fills when the market
    moves through it, there is no queue; no fees, no delays; its risk engine is bypassed and its log is off. Each book
    comes as one batch of changes. Building its objects is not measured.
"""

import importlib
import json
import sys
import time
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from actors.bench_tape_rows import ASK, BID, COLUMNS, SELL_TRADE, TapeHeader, read_rows

BALANCE = 10**9
LAST_FLAG = 128


def loaded() -> Any:
    """Return what is used of it, by name."""
    found: dict[str, Any] = {}
    for module, names in {
        "backtest.engine": "BacktestEngine BacktestEngineConfig",
        "config": "LoggingConfig RiskEngineConfig StrategyConfig",
        "model.currencies": "BTC USD",
        "model.data": "BookOrder OrderBookDelta OrderBookDeltas TradeTick",
        "model.enums": "AccountType AggressorSide BookAction BookType OmsType OrderSide",
        "model.identifiers": "InstrumentId Symbol TradeId Venue",
        "model.instruments": "CurrencyPair",
        "model.objects": "Money Price Quantity",
        "trading.strategy": "Strategy",
    }.items():
        peer = importlib.import_module(f"nautilus_trader.{module}")
        found |= {name: getattr(peer, name) for name in names.split()}
    return SimpleNamespace(**found)


def instrument_of(nt: Any, header: TapeHeader) -> Any:
    """Return its instrument with the tape's grid; the currencies are only names here."""
    return nt.CurrencyPair(
        instrument_id=nt.InstrumentId.from_str("BTC/USD.SIM"),
        raw_symbol=nt.Symbol("BTC/USD"),
        base_currency=nt.BTC,
        quote_currency=nt.USD,
        price_precision=header.price_decimals,
        size_precision=header.lot_decimals,
        price_increment=nt.Price(header.tick_step / 10**header.price_decimals, header.price_decimals),
        size_increment=nt.Quantity(1 / 10**header.lot_decimals, header.lot_decimals),
        ts_event=0,
        ts_init=0,
        margin_init=Decimal(0),
        margin_maint=Decimal(0),
        maker_fee=Decimal(0),
        taker_fee=Decimal(0),
    )


def events_of(nt: Any, instrument: Any, header: TapeHeader, flat: Any) -> list[Any]:
    """Return the rows as its objects: one batch per book, one tick per trade."""
    pair, events, batch = instrument.id, [], []
    for at in range(0, len(flat), COLUMNS):
        kind, ticks, lots, ts_ns, is_last, number = flat[at : at + COLUMNS]
        price = nt.Price(ticks / 10**header.price_decimals, header.price_decimals)
        size = nt.Quantity(lots / 10**header.lot_decimals, header.lot_decimals)
        if kind > ASK:
            taker = nt.AggressorSide.SELLER if kind == SELL_TRADE else nt.AggressorSide.BUYER
            events.append(nt.TradeTick(pair, price, size, taker, nt.TradeId(str(number)), ts_ns, ts_ns))
            continue
        side = nt.OrderSide.BUY if kind == BID else nt.OrderSide.SELL
        action = nt.BookAction.UPDATE if lots else nt.BookAction.DELETE
        flags = LAST_FLAG if is_last else 0
        batch.append(nt.OrderBookDelta(pair, action, nt.BookOrder(side, price, size, 0), flags, number, ts_ns, ts_ns))
        if is_last:
            events.append(nt.OrderBookDeltas(pair, batch))
            batch = []
    return events


def maker(nt: Any, instrument: Any, size: Any) -> Any:
    """Return the strategy: after each book, a bid and an ask at the best prices, amended when those move."""

    class TouchMaker(nt.Strategy):  # type: ignore[misc]
        """Counts its requests and fills."""

        def on_start(self) -> None:
            self.requests = self.fills = 0
            self.resting: dict[Any, Any] = {}
            self.told: dict[Any, Any] = {}
            self.subscribe_order_book_deltas(instrument.id, nt.BookType.L2_MBP)

        def on_order_book_deltas(self, deltas: Any) -> None:
            book = self.cache.order_book(instrument.id)
            bid, ask = book.best_bid_price(), book.best_ask_price()
            if bid is not None and ask is not None:
                self.quote(nt.OrderSide.BUY, bid)
                self.quote(nt.OrderSide.SELL, ask)

        def quote(self, side: Any, price: Any) -> None:
            order = self.resting.get(side)
            if order is None or order.is_closed:
                order = self.order_factory.limit(instrument.id, side, size, price, post_only=True)
                self.submit_order(order)
            elif price != self.told[side]:
                self.modify_order(order, price=price)
            else:
                return
            self.resting[side], self.told[side] = order, price
            self.requests += 1

        def on_order_filled(self, event: Any) -> None:
            self.fills += 1

    return TouchMaker(nt.StrategyConfig())


def measure(folder: Path) -> dict[str, object]:
    """Return processor seconds, requests and fills of one run over the rows in a folder."""
    nt = loaded()
    header, flat = read_rows(folder)
    instrument = instrument_of(nt, header)
    engine = nt.BacktestEngine(
        nt.BacktestEngineConfig(
            logging=nt.LoggingConfig(bypass_logging=True),
            risk_engine=nt.RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    engine.add_venue(
        nt.Venue("SIM"),
        nt.OmsType.NETTING,
        nt.AccountType.MARGIN,
        [nt.Money(BALANCE, nt.USD), nt.Money(BALANCE, nt.BTC)],
        book_type=nt.BookType.L2_MBP,
        trade_execution=True,
    )
    engine.add_instrument(instrument)
    engine.add_data(events_of(nt, instrument, header, flat))
    strategy = maker(nt, instrument, nt.Quantity(header.lots / 10**header.lot_decimals, header.lot_decimals))
    engine.add_strategy(strategy)
    began_ns = time.process_time_ns()
    engine.run()
    seconds = (time.process_time_ns() - began_ns) / 1e9
    requests, fills = strategy.requests, strategy.fills
    engine.dispose()
    return {"seconds": seconds, "requests": requests, "fills": fills, "version": version("nautilus_trader")}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))  # noqa: T201 - this is how its starter hears of it
