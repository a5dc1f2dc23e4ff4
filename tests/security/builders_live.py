"""A whole WildBot in profile live against a simulated exchange on loopback, with canaries for keys."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.e2e.instance import ROOT, Instance
from tests.security.builders_security import CANARY_KEY, CANARY_SECRET, disguises
from wildbot.drill.surroundings import DRILL_SETTINGS

DISGUISES = disguises(CANARY_KEY) | disguises(CANARY_SECRET)


class LiveWhole(Instance):
    """A WildBot of profile live, and its exchange as a process that is not its own."""

    def __init__(self) -> None:
        super().__init__(**DRILL_SETTINGS, WILDBOT_MARKET_MAKER__EDGE_POLICY="ignore")
        here = f"127.0.0.1:{self.exchange_port}"
        self.exchange_home = self.home.with_name(f"{self.home.name}x")
        words = [
            "exchange",
            "--api-key",
            CANARY_KEY,
            "--api-secret",
            CANARY_SECRET,
            "--balance",
            "USDC=60",
            "--fees",
            "0.25,0.40",
        ]
        self.venue = subprocess.Popen(
            [sys.executable, "-m", "wildbot.cli", *words], cwd=ROOT, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            env=self.environment | {"WILDBOT_HOME": str(self.exchange_home)},
        )  # fmt: skip
        self.exchange.wait_until_up(60)
        self.environment |= {
            "WILDBOT_PROFILE": "live",
            "WILDBOT_LIVE_CONFIRM": "i-understand-live",
            "WILDBOT_LOG__LEVEL": "DEBUG",
            "WILDBOT_CAPITAL__ACCOUNT_EXCLUSIVE": "true",
            "WILDBOT_EXCHANGE__EMBEDDED": "false",
            "WILDBOT_KRAKEN__REST_URL": f"http://{here}",
            "WILDBOT_KRAKEN__WS_URL": f"ws://{here}/public/v2",
            "WILDBOT_KRAKEN__WS_AUTH_URL": f"ws://{here}/private/v2",
            "KRAKEN_API_KEY_FILE": str(self.secret("key", CANARY_KEY)),
            "KRAKEN_API_SECRET_FILE": str(self.secret("secret", CANARY_SECRET)),
        }

    def secret(self, name: str, text: str) -> Path:
        folder = self.exchange_home
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def close(self) -> None:
        super().close()
        self.venue.kill()
        self.venue.wait(10)
        shutil.rmtree(self.exchange_home, ignore_errors=True)
