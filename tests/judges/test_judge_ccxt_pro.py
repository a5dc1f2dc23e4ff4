"""ccxt.pro's WebSocket client against the live simulated exchange: every watch, and orders over the socket."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.judges.conftest import Account, LiveExchange

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: it is in the judges group")
pro = pytest.importorskip("ccxt.pro", reason="ccxt is not installed: it is in the judges group")

BTC = "BTC/USDC"
PATIENCE_S = 20
Talk = Callable[[Any], Awaitable[None]]


def run(exchange: LiveExchange, account: Account, talk: Talk) -> None:
    """Let a fresh client talk to the exchange and close it again."""

    async def session() -> None:
        api = {
            "public": exchange.rest,
            "private": exchange.rest,
            "ws": {"publicV2": f"{exchange.websocket}/v2", "privateV2": f"{exchange.websocket}/auth/v2"},
        }
        client = pro.kraken(
            {"apiKey": account.key, "secret": account.secret, "urls": {"api": api}, "enableRateLimit": False}
        )
        # ccxt counts its nonce in milliseconds; without its rate limiter two calls can fall into one.
        client.nonce = itertools.count(client.milliseconds()).__next__
        try:
            async with asyncio.timeout(PATIENCE_S):
                await client.load_markets()
                await talk(client)
        finally:
            await client.close()

    asyncio.run(session())


def test_public_channels_are_watched(exchange: LiveExchange, account: Account) -> None:
    async def talk(client: Any) -> None:
        ticker, book, trades, candles, tickers = await asyncio.gather(
            client.watch_ticker(BTC),
            client.watch_order_book(BTC, 10),
            client.watch_trades(BTC),
            client.watch_ohlcv(BTC, "1m"),
            client.watch_tickers([BTC, "DOGE/USDC"]),
        )
        assert ticker["bid"] < ticker["ask"]
        assert len(book["bids"]) == len(book["asks"]) == 10
        assert trades[0]["symbol"] == BTC
        assert len(candles[0]) == 6
        assert tickers
        for _ in range(20):
            book = await client.watch_order_book(BTC, 10)
            assert book["bids"][0][0] < book["asks"][0][0]

    run(exchange, account, talk)


def test_order_lives_through_amend_and_cancel_on_the_socket(exchange: LiveExchange, account: Account) -> None:
    async def talk(client: Any) -> None:
        balance = await client.watch_balance()
        assert balance["USDC"]["total"] == 100_000
        price = round((await client.fetch_ticker(BTC))["bid"] * 0.9, 2)
        watching = asyncio.create_task(client.watch_orders(BTC))
        await asyncio.sleep(0.5)
        placed = await client.create_order_ws(BTC, "limit", "buy", 0.001, price, {"clientOrderId": "judge2"})
        (seen,) = [order for order in await watching if order["id"] == placed["id"]][-1:]
        assert seen["symbol"] == BTC
        await client.edit_order_ws(placed["id"], BTC, "limit", "buy", 0.002, round(price - 1, 2))
        order = await client.fetch_order(placed["id"], BTC)
        assert (order["amount"], order["price"]) == (0.002, round(price - 1, 2))
        await client.cancel_order_ws(placed["id"])
        while not any(order["id"] == placed["id"] and order["status"] == "canceled" for order in client.orders):
            await asyncio.sleep(0.02)
        await client.create_order_ws(BTC, "limit", "buy", 0.001, price)
        await client.cancel_all_orders_ws()
        assert await client.fetch_open_orders(BTC) == []

    run(exchange, account, talk)


def test_own_trades_and_balances_are_watched(exchange: LiveExchange, account: Account) -> None:
    async def talk(client: Any) -> None:
        await client.watch_balance()
        watching = asyncio.create_task(client.watch_my_trades(BTC))
        await asyncio.sleep(0.5)
        placed = await client.create_order_ws(BTC, "market", "sell", 0.001)
        trades = await watching
        assert {trade["order"] for trade in trades} == {placed["id"]}
        assert {trade["side"] for trade in trades} == {"sell"}
        while client.balance["spot"]["BTC"]["total"] != pytest.approx(4.999):
            await asyncio.sleep(0.02)

    run(exchange, account, talk)


def test_refusals_reach_the_caller_with_the_exchanges_text(exchange: LiveExchange, account: Account) -> None:
    async def talk(client: Any) -> None:
        price = round((await client.fetch_ticker(BTC))["bid"] * 0.9, 2)
        with pytest.raises(ccxt.ExchangeError, match="EOrder:Insufficient funds"):
            await client.create_order_ws(BTC, "limit", "buy", 1000, price)
        with pytest.raises(ccxt.ExchangeError, match="EOrder:Unknown order"):
            await client.cancel_order_ws("OAAAAA-BBBBB-CCCCCC")

    run(exchange, account, talk)
