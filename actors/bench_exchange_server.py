"""A simulated exchange in a process of its own, for measurements: the real server, without limits on order rates.

Rules: only this process's tables know the tier without limits. Whoever starts it ends it.
"""

import base64
import contextlib
import io
import multiprocessing
import signal
import socket
import sys
import time
from collections.abc import Iterator

import requests

from actors.exchange_simulator import ExchangeOptions, run
from wildbot.model.errors import InvariantError
from wildbot.model.instrument import FeeSchedule
from wildbot.simulation.order_rate import TIERS, Tier
from wildbot.venues.kraken.server_keys import TIERS as KEY_TIERS
from wildbot.venues.kraken.server_keys import TierLimits

UNLIMITED = "unlimited"
KEY = "bench"
SECRET = base64.b64encode(bytes(64)).decode()
START_S_MAX = 60.0
STOP_S_MAX = 10.0

_NO_LIMIT = 10**9


@contextlib.contextmanager
def exchange_process(*, scenario: str, activity: float, pairs: tuple[str, ...] = ()) -> Iterator[str]:
    """Run an exchange; yield its address "127.0.0.1:port" once it answers; end it.

    Raises: InvariantError when it does not answer within START_S_MAX.
    """
    port = _free_port()
    child = multiprocessing.get_context("spawn").Process(target=_serve, args=(port, scenario, activity, pairs), daemon=True)
    child.start()
    try:
        address = f"127.0.0.1:{port}"
        _await(address, child)
        yield address
    finally:
        child.terminate()
        child.join(STOP_S_MAX)
        if child.is_alive():
            child.kill()
            child.join()


def _serve(port: int, scenario: str, activity: float, pairs: tuple[str, ...]) -> None:
    sys.stdout = io.StringIO()  # the exchange announces itself, which would spoil --json
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    TIERS[UNLIMITED] = Tier(UNLIMITED, _NO_LIMIT, float(_NO_LIMIT), _NO_LIMIT)
    KEY_TIERS[UNLIMITED] = TierLimits(_NO_LIMIT, _NO_LIMIT, _NO_LIMIT)
    run(
        ExchangeOptions(
            api_key=KEY,
            api_secret=SECRET,
            port=port,
            scenario=scenario,
            activity=activity,
            pairs=pairs,
            tier=UNLIMITED,
            fees=FeeSchedule(2_500, 4_000),
            balances=(("USDC", "100000000"),),
            warmup_s=20.0,
        )
    )


def _await(address: str, child: multiprocessing.process.BaseProcess) -> None:
    until = time.monotonic() + START_S_MAX
    while child.is_alive() and time.monotonic() < until:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"http://{address}/0/public/Time", timeout=1).ok:
                return
        time.sleep(0.05)
    raise InvariantError(f"the measured exchange did not answer within {START_S_MAX:.0f} s")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
