"""python-kraken-sdk's WebSocket clients against the live simulated exchange, its checksum-verifying book among them."""

import asyncio
from typing import Any

import pytest

from tests.judges.conftest import Account, LiveExchange

spot = pytest.importorskip("kraken.spot", reason="python-kraken-sdk is not installed: it is in the judges group")
from kraken import base_api  # noqa: E402

BTC, DOGE = "BTC/USDC", "DOGE/USDC"
PATIENCE_S = 20
UPDATES = 100


def test_verifying_book_client_never_resubscribes(exchange: LiveExchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_api.SpotClient, "URL", exchange.rest)
    complaints: list[Any] = []
    updates: dict[str, int] = {BTC: 0, DOGE: 0}

    async def session() -> None:
        done = asyncio.Event()

        async def heard(pair: str, message: dict[str, Any]) -> None:
            if "error" in message:
                complaints.append(message)
            updates[pair] += message.get("type") == "update"
            if sum(updates.values()) >= UPDATES and min(updates.values()) > 0:
                done.set()

        class Book(spot.SpotOrderBookClient):  # type: ignore[name-defined,misc]
            WS_URL = exchange.websocket

        book = Book(depth=10, callback=heard)
        await book.start()
        await book.add_book(pairs=[BTC, DOGE])
        try:
            async with asyncio.timeout(PATIENCE_S):
                await done.wait()
            assert not book.exception_occur
            for pair in (BTC, DOGE):
                state = book.get(pair)
                assert state is not None
                assert state["valid"]
        finally:
            await book.close()

    asyncio.run(session())
    assert complaints == []
    assert sum(updates.values()) >= UPDATES


def test_private_client_places_changes_and_cancels(exchange: LiveExchange, account: Account) -> None:
    heard: list[dict[str, Any]] = []

    async def listen(message: dict[str, Any]) -> None:
        heard.append(message)

    async def until(what: str, wanted: Any) -> dict[str, Any]:
        while True:
            for message in heard:
                if wanted(message):
                    return message
            assert not any(message.get("success") is False for message in heard), (what, heard)
            await asyncio.sleep(0.02)

    async def reply(client: Any, method: str, **params: Any) -> Any:
        heard[:] = [message for message in heard if "method" not in message]
        await client.send_message({"method": method, "params": params})
        return (await until(method, lambda m: m.get("method") == method))["result"]

    async def session() -> None:
        client = spot.SpotWSClient(
            account.key,
            account.secret,
            callback=listen,
            no_public=True,
            rest_url=exchange.rest,
            ws_url=exchange.websocket,
            auth_ws_url=f"{exchange.websocket}/private",
        )
        await client.start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await client.subscribe(params={"channel": "executions", "ratecounter": True})
                await client.subscribe(params={"channel": "balances"})
                await until("snapshots", lambda m: m.get("channel") == "balances")
                market = spot.Market(url=exchange.rest)
                price = round(float(market.get_ticker(pair=BTC)["XBTUSDC"]["b"][0]) * 0.9, 2)
                order = {"order_type": "limit", "side": "buy", "order_qty": 0.001, "limit_price": price}
                order_id = (await reply(client, "add_order", symbol=BTC, **order))["order_id"]
                await reply(client, "amend_order", order_id=order_id, order_qty=0.002)
                edited = await reply(client, "edit_order", order_id=order_id, symbol=BTC, order_qty=0.003)
                assert edited["original_order_id"] == order_id
                await reply(client, "cancel_order", order_id=[edited["order_id"]])
                batch = await reply(client, "batch_add", symbol=BTC, orders=[order, order])
                ids = [row["order_id"] for row in batch]
                assert await reply(client, "batch_cancel", orders=ids) == {"count": 2}
                assert await reply(client, "cancel_all") == {"count": 0}
                await reply(client, "cancel_all_orders_after", timeout=60)
                reports = [row for m in heard if m.get("channel") == "executions" for row in m["data"]]
                assert {row["exec_type"] for row in reports} >= {"pending_new", "new", "amended", "canceled"}
                assert all(isinstance(row["ratecounter"], int) for row in reports)
                sequences = [m["sequence"] for m in heard if m.get("channel") == "executions"]
                assert sequences == list(range(1, len(sequences) + 1))
            assert not client.exception_occur
        finally:
            await client.close()

    asyncio.run(session())
