"""The order gateway against the real simulated exchange, with every other actor played by the test."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actors.builders_gateway import PAIR, GatewayRig
from wildbot.model.control import EpochEnded
from wildbot.model.executions import Accepted, Canceled, Denied, Filled
from wildbot.model.instrument import Lots
from wildbot.model.orders import CancelOrder, Side

pytestmark = pytest.mark.e2e

LOTS = Lots(4_000_000)  # 0.04 SOL


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[GatewayRig]:
    rig = GatewayRig(tmp_path)
    try:
        yield rig
    finally:
        rig.close()


def test_order_is_placed_filled_and_cancelled_and_survives_a_killed_gateway(rig: GatewayRig) -> None:
    rig.wait_ready()
    assert rig.become_trader(1).position.lots == 0

    bid = rig.mid - rig.mid // 200
    rig.ask(rig.order(1, Side.BUY, bid, LOTS))
    rig.wait_report(Accepted)
    rig.ask(rig.order(2, Side.BUY, rig.mid // 2, LOTS))
    assert [denied.code for denied in rig.wait_report(Denied)] == ["outside_collar"]  # type: ignore[attr-defined]

    rig.somebody_sells(bid, "5000")
    fill = rig.wait_report(Filled)[0]
    assert isinstance(fill, Filled)
    assert (fill.lots, fill.ticks, fill.cl_ord_id) == (LOTS, bid, "wb1x1")

    rig.ask(rig.order(3, Side.SELL, rig.mid + rig.mid // 100, LOTS))
    rig.wait_report(Accepted, 2)
    rig.ask(CancelOrder("wb1x3", PAIR, "test"))
    rig.wait_report(Canceled)
    # Three of the four requests left; the fourth was denied here.
    counts = rig.wait_hops({"request": 4, "send": 3, "venue": 3, "tick_to_order": 3})
    assert counts["commit"] >= 3
    rig.ask(rig.order(4, Side.SELL, rig.mid + rig.mid // 100, LOTS))
    rig.wait_report(Accepted, 3)

    rig.gateway.kill()
    rig.gateway.wait(5)
    rig.gateway = rig.spawn("order_gateway")
    rig.wait_ready()
    inheritance = rig.become_trader(2)
    assert inheritance.position.lots == LOTS
    states = dict(rig.journal("SELECT cl_ord_id, state FROM orders"))  # type: ignore[arg-type]
    assert states == {"wb1x1": "filled", "wb1x3": "cancelled", "wb1x4": "cancelled"}
    assert rig.journal("SELECT trade_id, side, qty FROM fills") == [(fill.exec_id, "buy", "0.04000000")]

    rig.gateway.send_signal(signal.SIGTERM)
    rig.wait_for(lambda: rig.gateway.poll() is not None, "gateway ended")
    assert rig.gateway.returncode == 0


def test_lost_reply_is_never_sent_again_and_the_order_is_found(rig: GatewayRig) -> None:
    rig.wait_ready()
    rig.become_trader(1)
    rig.admin("faults", [{"verb": "apply+drop", "method": "add_order", "count": 1}])
    rig.ask(rig.order(1, Side.BUY, rig.mid - rig.mid // 200, LOTS))
    rig.wait_report(Accepted)
    rig.end_epoch(1)
    rig.wait_for(lambda: [each for each in rig.told if isinstance(each, EpochEnded)], "epoch ended")
    rig.ask(rig.order(2, Side.BUY, rig.mid - rig.mid // 200, LOTS))
    denied = rig.wait_report(Denied)
    assert [each.code for each in denied] == ["epoch_fenced"]  # type: ignore[attr-defined]
    assert rig.journal("SELECT cl_ord_id, state FROM orders") == [("wb1x1", "cancelled")]
    adds = [line for line in rig.ledger() if "wb1x1" in str(line) and "add_order" in str(line)]
    assert len(adds) == 1, adds


def test_halt_file_stops_orders_and_takes_back_what_rests(rig: GatewayRig) -> None:
    rig.wait_ready()
    rig.become_trader(1)
    rig.ask(rig.order(1, Side.BUY, rig.mid - rig.mid // 200, LOTS))
    rig.wait_report(Accepted)
    (rig.home.root / "HALT").touch()
    rig.wait_report(Canceled)
    rig.ask(rig.order(2, Side.BUY, rig.mid - rig.mid // 200, LOTS))
    assert [each.code for each in rig.wait_report(Denied)] == ["halted"]  # type: ignore[attr-defined]


def test_wrong_key_ends_the_gateway_with_the_configuration_code(rig: GatewayRig) -> None:
    rig.wait_ready()
    rig.gateway.send_signal(signal.SIGTERM)
    rig.gateway.wait(20)
    rig.environment["WILDBOT_EXCHANGE__API_KEY"] = "nobody"
    (rig.home.data / "sim.sqlite").unlink()
    rig.gateway = rig.spawn("order_gateway")
    assert rig.gateway.wait(20) == 78
