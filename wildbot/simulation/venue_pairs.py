"""The eight USDC pairs of the simulated exchange: their rules and the shape of their market.

Rules: for the simulated exchange only. Everything that trades learns the rules from the exchange it is connected to.
Source: rules from Kraken AssetPairs of July 2025; prices, spreads, volumes and trade counts from one Kraken Ticker answer
    of March 2026. Volatility is that of ordinary days (2.5 % a day for BTC to 5 % for DOGE). Trade sizes follow the
    recorded means, in which every fill counts for itself; trade rates are scaled up to a lively market: these pairs really
    trade once per 9 s (BTC) to once per 400 s (AVAX).
"""

import msgspec

from wildbot.model.instrument import Instrument, Lots, Money, parse_scaled


class MarketShape(msgspec.Struct, frozen=True, kw_only=True):
    """How one synthetic market looks at activity 1.

    `volatility_bps` is the fundamental price's standard deviation over one second; `trade_usd` the median of what a taker
    wants in quote units (the touch and the sizes of resting orders cut it into smaller trades), `level_usd` that of a
    resting order of the crowd, `touch_usd` that of a quoter's; rates are per second; `volume_usd` and `trade_count` are
    the real pair's over 24 h: their quotient is what `trade_usd` is calibrated to.
    """

    start_price: float
    spread_bps: float
    volume_usd: float
    trade_count: int
    volatility_bps: float
    trade_usd: float
    level_usd: float
    touch_usd: float
    trades_per_s: float
    orders_per_s: float


class VenuePair(msgspec.Struct, frozen=True):
    """One pair: its rules and its market."""

    instrument: Instrument
    shape: MarketShape


def _pair(rules: str, shape: MarketShape) -> VenuePair:
    name, rest_key, price_decimals, cost_decimals, min_size = rules.split()
    base, quote = name.split("/")
    instrument = Instrument(
        pair=name,
        base=base,
        quote=quote,
        rest_key=rest_key,
        price_decimals=int(price_decimals),
        lot_decimals=8,
        cost_decimals=int(cost_decimals),
        tick_step=1,
        lot_step=1,
        min_lots=Lots(parse_scaled(min_size, 8)),
        min_cost=Money(parse_scaled("0.5", 10)),
    )
    return VenuePair(instrument, shape)


def _shape(
    start_price: float,
    spread_bps: float,
    volume_usd: float,
    trade_count: int,
    volatility_bps: float,
    trade_usd: float,
    level_usd: float,
    touch_usd: float,
    trades_per_s: float,
    orders_per_s: float,
) -> MarketShape:
    return MarketShape(
        start_price=start_price,
        spread_bps=spread_bps,
        volume_usd=volume_usd,
        trade_count=trade_count,
        volatility_bps=volatility_bps,
        trade_usd=trade_usd,
        level_usd=level_usd,
        touch_usd=touch_usd,
        trades_per_s=trades_per_s,
        orders_per_s=orders_per_s,
    )


UNIVERSE: dict[str, VenuePair] = {
    pair.instrument.pair: pair
    for pair in (
        # rules: name, REST key, price decimals, cost decimals, minimum size
        # shape: price, spread bps, volume USD and trades of 24 h, volatility bps/s,
        #     median USD that a taker wants, of a level, of a quote, takers/s, orders/s
        _pair("BTC/USDC XBTUSDC 2 5 0.00005", _shape(68_362.0, 2.2, 25.9e6, 9868, 0.85, 2900, 2500, 4000, 0.55, 14.0)),
        _pair("ETH/USDC ETHUSDC 2 6 0.002", _shape(2065.5, 2.3, 6.65e6, 5686, 1.15, 870, 1500, 2000, 0.50, 13.0)),
        _pair("SOL/USDC SOLUSDC 2 6 0.02", _shape(87.44, 8.0, 4.95e6, 4203, 1.45, 1900, 1200, 1500, 0.55, 14.0)),
        _pair("XRP/USDC XRPUSDC 5 8 2", _shape(1.44127, 4.2, 2.07e6, 2211, 1.35, 1330, 900, 1000, 0.40, 12.0)),
        _pair("ADA/USDC ADAUSDC 6 8 4.4", _shape(0.29175, 8.2, 0.8e6, 1215, 1.55, 1120, 600, 700, 0.36, 11.0)),
        _pair("LINK/USDC LINKUSDC 5 7 0.2", _shape(9.23513, 12.8, 0.22e6, 564, 1.55, 690, 400, 400, 0.42, 12.0)),
        _pair("DOGE/USDC XDGUSDC 5 9 13", _shape(0.09877, 14.2, 0.18e6, 773, 1.70, 300, 300, 250, 0.42, 12.0)),
        _pair("AVAX/USDC AVAXUSDC 2 6 0.1", _shape(9.305, 10.8, 0.08e6, 214, 1.60, 540, 250, 600, 0.40, 12.0)),
    )
}
"""The pairs by display name."""
