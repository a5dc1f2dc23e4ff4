"""Documents as the status socket would carry them, and a small market that moves: builders for the cockpit's tests."""

import math
import random
from typing import Any

Json = dict[str, Any]

SECOND = 1_000_000_000
CANDLE = 5 * SECOND
PAIRS = {
    "BTC/USDC": (97_160.0, 1), "ETH/USDC": (3_424.0, 2), "SOL/USDC": (190.9, 2), "DOGE/USDC": (0.3412, 5),
    "XRP/USDC": (2.412, 4), "LINK/USDC": (17.31, 3), "AVAX/USDC": (38.23, 2), "ADA/USDC": (0.9114, 5),
}  # fmt: skip
"""Pair -> (price, decimals)."""

NOW_NS = 1_795_000_000 * SECOND
HOPS = {
    "supervisor": (("decode", 62.0, 210.0),),
    "trader": (("bus", 145.0, 520.0), ("decide", 88.0, 340.0)),
    "gateway": (
        ("request", 170.0, 610.0),
        ("commit", 1_450.0, 6_200.0),
        ("send", 310.0, 900.0),
        ("venue", 2_100.0, 9_800.0),
    ),
}
"""Actor's kind -> (hop, p50, p99 in microseconds)."""

ACTORS = ("supervisor", "gateway", "allocator", "exchange", "trader-BTC-USDC", "trader-SOL-USDC", "trader-XRP-USDC",
          "recorder", "notifier", "api")  # fmt: skip


class Walk:
    """One pair's price on a seeded random walk, with its candles."""

    def __init__(self, pair: str, chance: random.Random, now_ns: int) -> None:
        self.pair, self.chance = pair, chance
        self.price, self.decimals = PAIRS[pair]
        self.candles: list[list[float]] = []
        for step in range(1, 600):
            self.step(now_ns - (600 - step) * SECOND)

    def step(self, now_ns: int) -> None:
        """Move by about one basis point and a half."""
        self.price *= math.exp(self.chance.gauss(0, 0.00015))
        start, price = now_ns // CANDLE * CANDLE, round(self.price, self.decimals)
        if not self.candles or self.candles[-1][0] != start:
            self.candles = [*self.candles[-719:], [start, price, price, price, price]]
        candle = self.candles[-1]
        candle[2], candle[3], candle[4] = max(candle[2], price), min(candle[3], price), price

    def text(self, price: float) -> str:
        """A price as the exchange prints it."""
        return f"{price:.{self.decimals}f}"

    def book(self) -> Json:
        """Ten levels a side, best first."""
        tick = max(10**-self.decimals, self.price * 0.00004)
        sizes = [f"{self.chance.uniform(0.1, 9):.3f}" for _ in range(20)]
        return {
            "bids": [[self.text(self.price - tick * (level + 0.7)), sizes[level]] for level in range(10)],
            "asks": [[self.text(self.price + tick * (level + 0.7)), sizes[10 + level]] for level in range(10)],
        }


def a_trader(pair: object = "BTC/USDC", **changes: object) -> Json:
    """One trader's row of the status document, holding a little and quoting both sides."""
    bid, ask = {"price": "97150.0", "qty": "0.00016"}, {"price": "97170.0", "qty": "0.00010"}
    row: Json = {
        "pair": pair, "state": "quoting", "strategy": "market_maker", "pid": 4242, "epoch": 7,
        "position": "0.00010", "avg_cost": "97120.5", "mark": "97160.0", "equity": "5.4012",
        "realised_pnl": "0.0312", "unrealised_pnl": "0.0040", "fees": "0.0101", "wins": 6, "losses": 2,
        "bid": "97155.0", "ask": "97165.0", "spread_bps": 1.03, "data_age_ms": 84.0,
        "quotes": {"bid": bid, "ask": ask},
        "open_orders": [
            {"cl_ord_id": "w1", "side": "buy", "state": "open", "age_ms": 812.0, **bid},
            {"cl_ord_id": "w2", "side": "sell", "state": "open", "age_ms": 4_200.0, **ask},
        ],
        "indicators": {
            "mid": 97160.0, "microprice": 97160.8, "ema": 97155.2, "momentum_bps": 0.58, "volatility_bps": 12.4,
            "spread_bps": 1.03, "inventory_ratio": 0.31, "reservation": 97159.1, "hurdle_bps": 50.0,
            "exit_target_bps": 52.0, "hold_fraction": 0.22,
        },
        "reason": "quoting: both sides join the touch, leaned down by inventory",
    }  # fmt: skip
    return row | changes


def a_trade(ts_ns: int = NOW_NS, **changes: object) -> Json:
    """One row of the trade table."""
    row: Json = {
        "ts_ns": ts_ns, "pair": "BTC/USDC", "side": "buy", "price": "97150.0", "qty": "0.00016", "fee": "0.0388",
        "liquidity": "maker", "pnl": "0.0000000000", "reason": "entry",
    }  # fmt: skip
    return row | changes


def a_rating(pair: str, rank: int, **changes: object) -> Json:
    """One row of the scanner's table."""
    row: Json = {
        "pair": pair, "rank": rank, "score": 40.0 / rank, "spread_bps": 1.4 * rank, "volatility_bps": 30.0 / rank,
        "hurdle_bps": 50.0, "tradeable": rank < 7, "reason": "pays its hurdle" if rank < 7 else "minimum order needs 9.40 USDC",
        "active": rank <= 3, "data_age_ms": 120.0,
    }  # fmt: skip
    return row | changes


def a_truth(**changes: object) -> Json:
    """The truth section: a small gain by the likely model, a loss by the worst one."""
    truth: Json = {
        "models": {
            "back_of_queue": {"fills": 22, "net_pnl": "-0.2210"},
            "queue_position": {"fills": 41, "net_pnl": "0.1107"},
            "touch": {"fills": 63, "net_pnl": "0.3902"},
            "picked_off": {"fills": 66, "net_pnl": "0.3410"},
        },
        "bracket": {
            "low": "-0.2210", "calibrated": "0.1107", "high": "0.3902", "believable_low": "-0.4", "believable_high": "0.57",
        },
        "sign_stable": False,
        "markouts": [
            {"horizon_s": 1, "fills": 41, "mean_bps": 0.8}, {"horizon_s": 5, "fills": 41, "mean_bps": -0.4},
            {"horizon_s": 30, "fills": 40, "mean_bps": -1.9}, {"horizon_s": 300, "fills": 33, "mean_bps": -2.6},
        ],
        "split": {"spread": "0.4120", "adverse_selection": "-0.1630", "inventory": "-0.0180", "fees": "0.1203"},
        "change": "0.1107", "fills": 41, "unmarked": 2, "age_ms": 2_400.0,
        "twin": {
            "orders": 88, "actual": {"fills": 41, "fill_rate": 0.466, "time_to_fill_s": 8.4, "markout_bps": -1.7},
            "queue_position": {"fills": 43, "fill_rate": 0.489, "time_to_fill_s": 7.9, "markout_bps": -1.5},
        },
    }  # fmt: skip
    return truth | changes


def a_hop(p50_us: float, p99_us: float) -> Json:
    """One hop with its histogram, most of it in the octave of the median."""
    middle, high = math.ceil(math.log2(p50_us * 1_000)), math.ceil(math.log2(p99_us * 1_000))
    octaves = {str(middle - 1): 300, str(middle): 600, str(middle + 1): 280, str(high + 1): 20}
    return {"count": 1_200, "p50_us": p50_us, "p99_us": p99_us, "total_s": 1.2, "octaves": octaves}


def an_actor(name: str, **changes: object) -> Json:
    """One actor's health."""
    row: Json = {
        "name": name, "pid": 4000 + len(name), "state": "running", "heartbeat_age_ms": 310.0, "restarts": 0, "cpu_pct": 2.4,
        "rss_mb": 61.0, "messages_per_s": 212.0, "p50_us": 90.0, "p99_us": 640.0, "loop_lag_ms": 0.4,
        "hops": {hop: a_hop(p50, p99) for hop, p50, p99 in HOPS.get(name.partition("-")[0], ())},
    }  # fmt: skip
    return row | changes


def a_document(**changes: object) -> Json:
    """A full status document of a healthy desk on three pairs."""
    traded = ("BTC/USDC", "SOL/USDC", "XRP/USDC")
    others = [pair for pair in PAIRS if pair not in traded]
    document: Json = {
        "schema": 1, "run_id": "run-1", "mode": "sim", "state": "running", "seq": 100, "ts_ns": NOW_NS, "uptime_s": 3_725.0,
        "account": {
            "currency": "USDC", "starting": "16", "cash": "11.0210", "equity": "16.2451", "realised_pnl": "0.2310",
            "unrealised_pnl": "0.0141", "fees": "0.1203", "return_pct": 1.53, "peak_equity": "16.3000",
            "drawdown_pct": 0.34, "max_drawdown_pct": 50.0, "day_pnl": "0.2451", "trades": 41, "wins": 14, "losses": 6,
            "win_rate": 70.0,
        },
        "traders": [
            a_trader("BTC/USDC"),
            a_trader("SOL/USDC", position="0", open_orders=[], quotes={"bid": None, "ask": None}, mark="190.90",
                     reason="no_edge: spread 2.4 bp does not pay the hurdle of 50 bp", avg_cost="0"),
            a_trader("XRP/USDC", position="-1.5", state="paused", mark="2.4120", reason="paused by the owner",
                     unrealised_pnl="-0.0312", realised_pnl="-0.0100"),
        ],
        "scanner": [a_rating(pair, rank) for rank, pair in enumerate([*traded, *others], start=1)],
        "allocator": {
            "capital": "16.2451", "granted": "12.0000", "free": "4.2451",
            "leases": [{"pair": pair, "epoch": 7, "amount": "4.0000", "expires_in_s": 8.2} for pair in traded],
        },
        "actors": [an_actor(name) for name in ACTORS],
        "trades": [a_trade(NOW_NS - index * 7 * SECOND, side="buy" if index % 2 else "sell") for index in range(12)],
        "alerts": [
            {"ts_ns": NOW_NS - 90 * SECOND, "level": "warning", "actor": "gateway", "text": "rate budget of BTC/USDC at 82 %"},
            {"ts_ns": NOW_NS - 300 * SECOND, "level": "critical", "actor": "supervisor", "text": "trader-SOL-USDC crashed"},
        ],
        "books": {
            "BTC/USDC": {
                "bids": [["97155.0", "0.4"], ["97150.0", "1.2"]],
                "asks": [["97165.0", "0.8"], ["97170.0", "0.3"]],
            }
        },
        "events": [],
        "truth": a_truth(),
        "candles_tail": {"BTC/USDC": [[NOW_NS // CANDLE * CANDLE, 97150.0, 97170.0, 97140.0, 97160.0]]},
    }  # fmt: skip
    return document | changes


def a_mind(now_ns: int, rows: int = 60) -> Json:
    """What a trader saw every five seconds before now."""
    waves = [math.sin(n / 6) for n in range(rows)]
    words = ["quoting" if wave > 0 else "momentum_down" if wave > -0.8 else "no_edge" for wave in waves]
    values = {
        "mid": [97_160 + 9 * wave for wave in waves], "ema": [97_158 + 5 * wave for wave in waves],
        "momentum_bps": [3 * wave for wave in waves], "inventory_ratio": [wave / 2 for wave in waves],
    }  # fmt: skip
    return {"ts_ns": [now_ns - (rows - n) * CANDLE for n in range(rows)], "words": words, "values": values}


def a_snapshot(**changes: object) -> Json:
    """The history the `snapshot` verb gives: half an hour of it."""
    start = NOW_NS // CANDLE * CANDLE
    snapshot: Json = {
        "run_id": "run-1", "ts_ns": NOW_NS, "seq": 100,
        "equity": [[NOW_NS - (1_800 - step) * SECOND, f"{16 + step / 9_000:.4f}"] for step in range(1_800)],
        "candles": {"BTC/USDC": [[start - (360 - n) * CANDLE, 97100.0 + n, 97104.0 + n, 97098.0 + n, 97101.0 + n]
                                 for n in range(360)]},
        "fills": {"BTC/USDC": [a_trade(NOW_NS - 100 * SECOND * n) for n in range(1, 6)]},
        "sparks": {pair: [math.sin(n / 5 + len(pair)) for n in range(60)] for pair in PAIRS},
        "minds": {"BTC/USDC": a_mind(NOW_NS)},
        "ranking": {"ts_ns": [NOW_NS - 5 * SECOND], "words": [""], "values": {pair: [len(pair) * 1.5] for pair in PAIRS}},
    }  # fmt: skip
    return snapshot | changes
