"""hftbacktest beside our backtest: a maker at the touch over the same rows. Run by an interpreter that has it.

Its ways: order by order in compiled code; a probabilistic queue model, no partial fills, no fees, no delays; there is no
    account that could run dry, no risk check, no journal, no log of decisions. Compiling and loading are not measured.
"""

import importlib
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from actors.bench_tape_rows import ASK, BID, BUY_TRADE, COLUMNS, TapeHeader, read_rows

QUEUE_POWER = 2.0
ROOM = 100
"""Ticks around the prices of the tape."""


def maker(numba: Any, hft: Any) -> Any:
    """Return the compiled maker: at each event's time, a bid and an ask at the best prices, amended when those move."""
    post_only, limit, resting = hft.GTX, hft.LIMIT, hft.order.NEW

    @numba.njit  # type: ignore[untyped-decorator]
    def run(hbt: Any, times: Any, tick: float, size: float) -> int:
        number, requests, bid_id, ask_id, bid_tick, ask_tick = 1, 0, 0, 0, 0, 0
        for at_ns in times:
            if hbt.elapse(at_ns - hbt.current_timestamp) != 0:
                break
            depth, orders = hbt.depth(0), hbt.orders(0)
            bid, ask = depth.best_bid_tick, depth.best_ask_tick
            if depth.best_bid_qty <= 0 or depth.best_ask_qty <= 0:
                continue
            rests = bid_id in orders and orders.get(bid_id).status == resting
            if not rests:
                bid_id = number
                hbt.submit_buy_order(0, bid_id, bid * tick, size, post_only, limit, False)
                number, requests, bid_tick = number + 1, requests + 1, bid
            elif bid != bid_tick:
                hbt.modify(0, bid_id, bid * tick, size, False)
                requests, bid_tick = requests + 1, bid
            rests = ask_id in orders and orders.get(ask_id).status == resting
            if not rests:
                ask_id = number
                hbt.submit_sell_order(0, ask_id, ask * tick, size, post_only, limit, False)
                number, requests, ask_tick = number + 1, requests + 1, ask
            elif ask != ask_tick:
                hbt.modify(0, ask_id, ask * tick, size, False)
                requests, ask_tick = requests + 1, ask
            if requests & 63 == 0:
                hbt.clear_inactive_orders(0)
        return requests

    return run


def events_of(np: Any, hft: Any, header: TapeHeader, rows: Any) -> Any:
    """Return the rows in the peer's own form: an array of its event type."""
    kind, ticks, lots, ts_ns = (rows[:, column] for column in range(4))
    both = hft.EXCH_EVENT | hft.LOCAL_EVENT
    flags = np.where(kind <= ASK, hft.DEPTH_EVENT, hft.TRADE_EVENT)
    sides = np.where((kind == BID) | (kind == BUY_TRADE), hft.BUY_EVENT, hft.SELL_EVENT)
    events = np.zeros(len(rows), hft.event_dtype)
    events["ev"] = (flags | sides | both).astype(np.uint64)
    events["exch_ts"] = events["local_ts"] = ts_ns
    events["px"] = ticks / 10**header.price_decimals
    events["qty"] = lots / 10**header.lot_decimals
    return events


def measure(folder: Path) -> dict[str, object]:
    """Return processor seconds, requests and fills of one run over the rows in a folder."""
    np, numba, hft = (importlib.import_module(name) for name in ("numpy", "numba", "hftbacktest"))
    header, flat = read_rows(folder)
    rows = np.frombuffer(flat, dtype=np.int64).reshape(-1, COLUMNS)
    events = events_of(np, hft, header, rows)
    scale = 10**header.price_decimals
    tick, size = header.tick_step / scale, header.lots / 10**header.lot_decimals
    levels = rows[rows[:, 0] <= ASK, 1]
    low, high = (float(edge) / scale for edge in (levels.min(), levels.max()))
    times = rows[(rows[:, 4] == 1) & (rows[:, 0] <= ASK), 3]
    play = maker(numba, hft)

    def once(some: Any, at_ns: Any) -> tuple[float, int, int]:
        asset = (
            hft.BacktestAsset()
            .data(some)
            .linear_asset(1.0)
            .constant_order_latency(0, 0)
            .power_prob_queue_model(QUEUE_POWER)
            .no_partial_fill_exchange()
            .trading_value_fee_model(0.0, 0.0)
            .tick_size(tick)
            .lot_size(1 / 10**header.lot_decimals)
            .roi_lb(low - ROOM * tick)
            .roi_ub(high + ROOM * tick)
            .last_trades_capacity(0)
        )
        backtest = hft.ROIVectorMarketDepthBacktest([asset])
        began_ns = time.process_time_ns()
        requests = play(backtest, at_ns, tick, size)
        seconds = (time.process_time_ns() - began_ns) / 1e9
        fills = int(backtest.state_values(0).num_trades)
        backtest.close()
        return seconds, int(requests), fills

    few = rows[min(len(rows), 100) - 1, 5] + 1  # whole events
    head = events[rows[:, 5] < few].copy()
    once(head, times[times <= head["local_ts"][-1]].copy())  # the compiler's work is done here
    seconds, requests, fills = once(events, times)
    return {"seconds": seconds, "requests": requests, "fills": fills, "version": version("hftbacktest")}


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))  # noqa: T201 - this is how its starter hears of it
