"""Over any stream of requests: nothing is created, nothing lost, nobody spends what he has not got."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.builders_simulation import FEES, ONE, PAIR, SECOND, btc, exchange
from wildbot.model.exchange import (
    AmendPlaced,
    BookChange,
    CancelPlaced,
    EditPlaced,
    Kind,
    LedgerEntry,
    OrderEvent,
    PlaceOrder,
    SelfTrade,
    Tif,
)
from wildbot.model.instrument import Liquidity, Lots, Money
from wildbot.model.orders import Side

INSTRUMENT = btc(min_lots=Lots(1), min_cost=Money(0))
KINDS = [Kind.LIMIT] * 5 + list(Kind)

requests = st.lists(
    st.tuples(
        st.sampled_from(["place", "place", "place", "amend", "edit", "cancel", "cancel_all", "batch"]),
        st.sampled_from(["alice", "bob", "~house"]),
        st.sampled_from(list(Side)),
        st.sampled_from(KINDS),
        st.integers(6_799_990, 6_800_010),
        st.integers(1, 100_000_000),
        st.sampled_from([Tif.GTC, Tif.GTC, Tif.GTC, *Tif]),
        st.sampled_from(list(SelfTrade)),
        st.booleans(),
        st.integers(0, 99),
        st.booleans(),
    ),
    min_size=15,
    max_size=60,
)


@given(requests)
@settings(max_examples=120, deadline=None)
def test_assets_fees_holds_and_book_are_exact_over_any_stream(stream):
    made = exchange("alice", "bob", instrument=INSTRUMENT)
    shown: dict[tuple[Side, int], int] = {}
    ledger = {
        ("alice", "USDC"): 100_000 * ONE,
        ("bob", "USDC"): 100_000 * ONE,
        ("alice", "BTC"): 10 * ONE,
        ("bob", "BTC"): 10 * ONE,
    }
    for step, (what, account, side, kind, ticks, lots, tif, stp, flag, pick, in_base) in enumerate(stream):
        now = step * 20 * SECOND
        open_orders = made.open_orders(account)
        if what in ("place", "batch"):
            is_limit, has_trigger = "limit" in kind, kind not in (Kind.LIMIT, Kind.MARKET)
            request = PlaceOrder(
                account=account,
                pair=PAIR,
                side=side,
                kind=kind,
                lots=lots,
                ticks=ticks if is_limit else 0,
                trigger_ticks=ticks if has_trigger else 0,
                tif=tif,
                stp=stp,
                post_only=flag and is_limit and tif in (Tif.GTC, Tif.GTD),
                fee_in_base=in_base,
                expire_ns=now + 100 * SECOND if tif is Tif.GTD else 0,
            )
            if what == "place":
                made.place(request, now)
            else:
                made.place_many([request, request], now)
        elif what == "cancel_all":
            made.cancel_all(account, now)
        elif open_orders:
            target = open_orders[pick % len(open_orders)].order_id
            if what == "cancel":
                made.cancel(CancelPlaced(account=account, order_id=target), now)
            elif what == "edit":
                order = open_orders[pick % len(open_orders)]
                replacement = PlaceOrder(
                    account=account,
                    pair=PAIR,
                    side=order.side,
                    kind=order.kind,
                    lots=lots,
                    ticks=ticks if order.ticks else 0,
                    trigger_ticks=order.trigger_ticks,
                    stp=stp,
                    fee_in_base=in_base,
                )
                made.edit(EditPlaced(order_id=target, replacement=replacement), now)
            else:
                made.amend(AmendPlaced(account=account, order_id=target, lots=lots, ticks=ticks if flag else None), now)
        for event in made.drain():
            if isinstance(event, BookChange):
                for level_side, level, total in event.levels:
                    shown[level_side, level] = total
            elif isinstance(event, LedgerEntry):
                ledger[event.account, event.asset] += event.change - event.fee
                assert event.balance == ledger[event.account, event.asset]
            elif isinstance(event, OrderEvent):
                assert not event.order.account.startswith("~")
        check(made, shown, ledger)


def check(made, shown, ledger):
    bids, asks = made.depth(PAIR, 1000)
    assert not bids or not asks or bids[0][0] < asks[0][0]
    for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
        assert sorted(levels) == sorted((ticks, total) for (s, ticks), total in shown.items() if s is side and total)
    assert made.asset_total("USDC") == 200_000 * ONE
    assert made.asset_total("BTC") == 20 * ONE
    collected = {"USDC": 0, "BTC": 0}
    for account in ("alice", "bob"):
        fills = made.executions(account)
        for each in fills:
            collected[each.fee_asset] += each.fee
        for asset, units in made.balances(account).items():
            assert units == ledger[account, asset]
            # Each fill rounds its cost and fee on their own: a cost unit, or a lot, per fill may be missing.
            assert units - made.holds(account).get(asset, 0) >= -len(fills) * (2 * 10**5 if asset == "USDC" else 100)
        for execution in fills:
            rate = FEES.maker_ppm if execution.liquidity is Liquidity.MAKER else FEES.taker_ppm
            assert execution.cost == INSTRUMENT.cost(execution.ticks, execution.lots)
            if execution.fee_asset == "BTC":  # rounded half up to whole lots, which are 100 units each
                assert abs(execution.fee * 10**6 - execution.lots * 100 * rate) <= 50 * 10**6
                assert execution.fee % 100 == 0
            else:
                assert execution.fee == INSTRUMENT.fee(execution.cost, rate)
        for order in (*made.open_orders(account), *made.closed_orders(account)):
            mine = [e for e in fills if e.order_id == order.order_id]
            assert sum(e.lots for e in mine) == order.filled_lots <= order.lots
            assert sum(e.cost for e in mine) == order.cost and sum(e.fee for e in mine) == order.fee
            assert {e.fee_asset for e in mine} <= {"BTC" if order.fee_in_base else "USDC"}
            assert order.exec_ids == tuple(e.exec_id for e in reversed(mine))
        assert made.holds(account) == reserved(made.open_orders(account))
    assert {asset: made.balances("~fees").get(asset, 0) for asset in collected} == collected


def reserved(open_orders):
    """What the open orders must hold for what is left of them: coins of sells, cost of buys, the dearest fee of the same."""
    holds: dict[str, int] = {}
    for order in open_orders:
        left = order.lots - order.filled_lots
        rate = FEES.maker_ppm if order.post_only else FEES.taker_ppm
        if order.side is Side.SELL:
            fee_lots = (left * rate * 2 + 10**6) // (2 * 10**6) if order.fee_in_base else 0
            holds["BTC"] = holds.get("BTC", 0) + (left + fee_lots) * 100
        else:
            cost = INSTRUMENT.cost(order.ticks or order.trigger_ticks, left)
            holds["USDC"] = holds.get("USDC", 0) + cost + (0 if order.fee_in_base else INSTRUMENT.fee(cost, rate))
    return {asset: units for asset, units in holds.items() if units}
