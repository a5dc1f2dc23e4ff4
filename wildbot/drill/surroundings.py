"""What an instance of the drill finds around it: its ports and its environment.

Rules: nothing of the caller's own WildBot, keys or messenger reaches a drill.
"""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

FOREIGN = ("WILDBOT_", "KRAKEN_", "TELEGRAM_")
SHORT_START = {"WILDBOT_EXCHANGE__WARMUP_S": "120", "WILDBOT_KRAKEN__REST_CALLS_PER_S": "5", "WILDBOT_LOG__LEVEL": "INFO"}
DRILL_SETTINGS = {
    "WILDBOT_TRADING__PAIRS": '["SOL/USDC","XRP/USDC","DOGE/USDC"]',
    "WILDBOT_CAPITAL__STARTING": "60",
    "WILDBOT_ORDERS__DEADLINE_MS": "2000",
    "WILDBOT_SCANNER__WARM_SAMPLES": "4",
    "WILDBOT_MARKET_MAKER__MIN_VOLATILITY_BPS": "0",
    "WILDBOT_MARKET_MAKER__MAX_SPREAD_BPS": "200",
    "WILDBOT_MARKET_MAKER__MOMENTUM_FILTER_ENABLED": "false",
}
"""The market's mood must not decide a drill: pairs pinned, filters off, so that every trader has something resting."""


def free_port() -> int:
    """Return a loopback port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def surroundings(home: Path, ports: Mapping[str, int], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an instance; `ports` by the name of their settings section, `environment` on top."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "WILDBOT_HOME": str(home),
        **{f"WILDBOT_{section}__PORT": str(port) for section, port in ports.items()},
        **SHORT_START,
        **environment,
    }
