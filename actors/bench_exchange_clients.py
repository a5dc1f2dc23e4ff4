"""Clients that measure a running exchange over loopback: signed orders end to end, and market data to several at once."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

import msgspec
import requests
from websockets.asyncio.client import ClientConnection, connect

from actors.bench_exchange_server import KEY, SECRET
from wildbot.model.errors import InvariantError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.simulation.venue_pairs import UNIVERSE
from wildbot.venues.kraken.rest import signed_request

PAIR = "BTC/USDC"
IN_FLIGHT = 16
"""Orders sent before their answers are waited for."""

CANCEL_EVERY = 500
"""After so many orders all are cancelled, so that the book stays what it is."""

LOST_S = 2.0
"""Falling behind: the last second's median delay above this."""

CLIENTS = 4


class _Reply(msgspec.Struct):
    method: str = ""
    req_id: int = 0
    success: bool = True
    error: str = ""


class _Update(msgspec.Struct):
    symbol: str = ""
    timestamp: str = ""


class _Frame(msgspec.Struct):
    channel: str = ""
    type: str = ""
    data: list[_Update] = []


_REPLIES = msgspec.json.Decoder(_Reply)
_FRAMES = msgspec.json.Decoder(_Frame)


class OrderRun(msgspec.Struct, frozen=True):
    """How long the orders took together, each order's round trip, and how many were refused."""

    seconds: float
    samples_ns: list[int]
    refused: int


class FanoutRun(msgspec.Struct, frozen=True):
    """How many updates reached each client, how old each was on arrival, and the median age in the last second."""

    seconds: float
    updates: list[int]
    delays_ns: list[int]
    last_delay_ns: int
    slowest_pair_per_s: float


def measure_orders(address: str, orders: int) -> OrderRun:
    """Place `orders` post-only orders over the private WebSocket, IN_FLIGHT at a time."""
    return asyncio.run(_orders(address, orders))


def measure_fanout(address: str, seconds: float, clients: int = CLIENTS) -> FanoutRun:
    """Let `clients` listen to the books of all pairs for so long."""
    return asyncio.run(_fanout(address, seconds, clients))


async def _orders(address: str, orders: int) -> OrderRun:
    token = _token(address)
    began_at: dict[int, int] = {}
    samples: list[int] = []
    refused = 0
    async with connect(f"ws://{address}/private/v2", compression=None) as socket:
        began = time.perf_counter()
        for number in range(1, orders + 1):
            began_at[number] = time.perf_counter_ns()
            await socket.send(_order(number, token))
            if number % CANCEL_EVERY == 0:
                await socket.send(msgspec.json.encode({"method": "cancel_all", "params": {"token": token}}).decode())
            while len(began_at) >= IN_FLIGHT or (number == orders and began_at):
                reply = _REPLIES.decode(await socket.recv())
                if reply.method == "add_order" and reply.req_id in began_at:
                    samples.append(time.perf_counter_ns() - began_at.pop(reply.req_id))
                    refused += not reply.success
        return OrderRun(time.perf_counter() - began, samples, refused)


def _order(number: int, token: str) -> str:
    params = {
        "order_type": "limit",
        "side": "buy",
        "symbol": PAIR,
        "limit_price": 30_000 + number % 100,
        "order_qty": 0.001,
        "post_only": True,
        "token": token,
    }
    return msgspec.json.encode({"method": "add_order", "params": params, "req_id": number}).decode()


def _token(address: str) -> str:
    request = signed_request("GetWebSocketsToken", {}, nonce=time.time_ns() // 1_000, key=KEY, secret=SECRET)
    answer = requests.post(f"http://{address}{request.path}", data=request.body, headers=request.headers, timeout=10).json()
    if answer["error"]:
        raise InvariantError(f"no WebSocket token: {answer['error']}")
    return str(answer["result"]["token"])


async def _fanout(address: str, seconds: float, clients: int) -> FanoutRun:
    runs = await asyncio.gather(*(_listen(address, seconds) for _ in range(clients)))
    ages = sorted(age for _, arrivals in runs for at, age in arrivals if at > seconds - 1)
    by_pair = [sum(counts[pair] for counts, _ in runs) / clients / seconds for pair in UNIVERSE]
    return FanoutRun(
        seconds=seconds,
        updates=[len(arrivals) for _, arrivals in runs],
        delays_ns=[age for _, arrivals in runs for _, age in arrivals],
        last_delay_ns=ages[len(ages) // 2] if ages else int(seconds * NANOS_PER_SECOND),
        slowest_pair_per_s=min(by_pair),
    )


async def _listen(address: str, seconds: float) -> tuple[dict[str, int], list[tuple[float, int]]]:
    counts = dict.fromkeys(UNIVERSE, 0)
    arrivals: list[tuple[float, int]] = []
    async with connect(f"ws://{address}/public/v2", compression=None, max_queue=None) as socket:
        await _subscribe(socket, list(UNIVERSE))
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < seconds:
            try:
                frame = _FRAMES.decode(await asyncio.wait_for(socket.recv(), seconds - elapsed))
            except TimeoutError:
                break
            if frame.channel == "book" and frame.type == "update":
                update = frame.data[0]
                counts[update.symbol] += 1
                arrivals.append((elapsed, time.time_ns() - _nanos(update.timestamp)))
    return counts, arrivals


async def _subscribe(socket: ClientConnection, pairs: Sequence[str]) -> None:
    params = {"channel": "book", "symbol": pairs, "depth": 100}
    await socket.send(msgspec.json.encode({"method": "subscribe", "params": params}).decode())


def _nanos(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * NANOS_PER_SECOND)
