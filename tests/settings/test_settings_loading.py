"""Settings: later sources win, every value knows its origin, every mistake is one sentence."""

from pathlib import Path

import pytest

from wildbot.model.errors import ConfigurationError
from wildbot.settings import Profile
from wildbot.settings_loading import MASK, load

NO_FILE = Path("/nonexistent/.env")


def test_the_default_profile_is_the_simulator_and_needs_nothing() -> None:
    loaded = load(environment={}, env_file=NO_FILE)
    assert loaded.settings.profile is Profile.SIM
    assert len(loaded.settings.trading.universe) == 8
    assert loaded.settings.market_maker.edge_policy == "ignore"


@pytest.mark.parametrize("profile", [Profile.PAPER, Profile.LIVE])
def test_real_markets_require_an_edge(profile: Profile) -> None:
    assert load(environment={"WILDBOT_PROFILE": profile}, env_file=NO_FILE).settings.market_maker.edge_policy == "require"


def test_later_sources_win_and_the_origin_is_kept(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("WILDBOT_DASHBOARD__PORT=9001\nWILDBOT_API__PORT=9002\n")
    loaded = load({"exchange": {"port": 9003}}, environment={"WILDBOT_API__PORT": "9004"}, env_file=env_file)
    settings = loaded.settings
    assert (settings.dashboard.port, settings.api.port, settings.exchange.port) == (9001, 9004, 9003)
    assert loaded.origins["api.port"] == "environment"
    assert loaded.origins["dashboard.port"] == str(env_file)
    assert loaded.origins["exchange.port"] == "command line"
    assert loaded.origins["trading.universe"] == "config/default.toml"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("WILDBOT_TRADNG__PAIRS", "[]", "tradng (environment) is not a setting; did you mean 'trading'?"),
        ("WILDBOT_EXCHANGE__PROT", "1", "exchange.prot (environment) is not a setting; did you mean 'port'?"),
        (
            "WILDBOT_TRADING__MAX_TRADERS",
            "9",
            "trading.max_traders is '9' (environment) but the rule is: input should be less",
        ),
        (
            "WILDBOT_CAPITAL__STARTING",
            "-1",
            "capital.starting is '-1' (environment) but the rule is: input should be greater",
        ),
        ("WILDBOT_PROFILE", "simm", "profile is 'simm' but must be one of: sim, paper, live; did you mean 'sim'?"),
        ("WILDBOT_TRADING__PAIRS", "[x", "WILDBOT_TRADING__PAIRS is '[x' but must be a JSON list"),
        (
            "WILDBOT_TRADING__PAIRS",
            '["BTCUSDC"]',
            "trading.pairs is 'BTCUSDC' (environment) but the rule is: string should",
        ),
        ("WILDBOT_A__B__C", "1", "WILDBOT_A__B__C (environment) is not a setting: names have one section and one key"),
    ],
)
def test_a_mistake_names_key_value_rule_and_nearest_name(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environment={name: text}, env_file=NO_FILE)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_secrets_are_masked_where_settings_are_shown() -> None:
    rows = {key: value for key, value, _ in load(environment={}, env_file=NO_FILE).rows()}
    assert rows["exchange.api_secret"] == MASK
    assert rows["capital.starting"] == "16"


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text("x = [")
    with pytest.raises(ConfigurationError, match=r"default\.toml cannot be read"):
        load(environment={}, config_folder=tmp_path, env_file=NO_FILE)
