"""Settings: later sources win, every value knows its origin, every mistake is one sentence."""

from pathlib import Path

import pytest

from actors.session_guest import calendar_code
from wildbot.model.errors import ConfigurationError
from wildbot.settings import Profile
from wildbot.settings_loading import CONFIG_FOLDER, MASK, load

NO_FILE = Path("/nonexistent/.env")


def test_the_default_profile_is_the_simulator_and_needs_nothing() -> None:
    loaded = load(environment={}, env_file=NO_FILE)
    assert loaded.settings.profile is Profile.SIM
    assert len(loaded.settings.trading.universe) == 8
    assert loaded.settings.strategy_parameters("market_maker")["edge_policy"] == "ignore"


@pytest.mark.parametrize("profile", [Profile.PAPER, Profile.LIVE])
def test_real_markets_require_an_edge(profile: Profile) -> None:
    assert (
        load(environment={"WILDBOT_PROFILE": profile}, env_file=NO_FILE).settings.strategy_parameters("market_maker")[
            "edge_policy"
        ]
        == "require"
    )


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
        (
            "WILDBOT_MARKET_MAKER__EMA_WINDO",
            "1",
            "market_maker.ema_windo (environment) is not a setting; did you mean 'ema_window'?",
        ),
        (
            "WILDBOT_MARKET_MAKER__EMA_WINDOW",
            "0",
            "market_maker.ema_window is '0' (environment) but the rule is: a whole number of at least 1",
        ),
        (
            "WILDBOT_MARKET_MAKER__MIN_HOLD_SECONDS",
            "80000",
            "market_maker.min_hold_seconds is '80000' (environment) but the rule is: at most base_hold_seconds",
        ),
        ("WILDBOT_MARKET_MAKER__SKEW_FACTOR", "nan", "market_maker.skew_factor is 'nan' (environment) but the rule is: a"),
        ("WILDBOT_RISK__MAX_DRAWDOWN_PCT", "nan", "risk.max_drawdown_pct is 'nan' (environment) but the rule is: input"),
        (
            "WILDBOT_MARKET_MAKR__EMA_WINDOW",
            "1",
            "market_makr (environment) is not a setting; did you mean 'market_maker'?",
        ),
        ("WILDBOT_MARKET_MAKER", "1", "market_maker is a section, it cannot be '1'"),
        ("WILDBOT_STRATEGIES", "1", "strategies (environment) is not a setting"),
        ("WILDBOT_TRADING__STRATEGY", "market_make", "trading.strategy = 'market_make' is no strategy; there are: "),
        ("WILDBOT_A__B__C", "1", "WILDBOT_A__B__C (environment) is not a setting: names have one section and one key"),
    ],
)
def test_a_mistake_names_key_value_rule_and_nearest_name(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environment={name: text}, env_file=NO_FILE)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("stop", "collar"), [("0.03", "3"), ("0.0025", "0.2")])
def test_a_stop_that_the_gateway_would_deny_is_refused_at_the_start(stop: str, collar: str) -> None:
    environment = {
        "WILDBOT_TRADING__STRATEGY": "order_flow_imbalance",
        "WILDBOT_ORDER_FLOW_IMBALANCE__STOP_LOSS_PCT": stop,
        "WILDBOT_RISK__EXIT_COLLAR_PCT": collar,
    }
    with pytest.raises(ConfigurationError, match=r"order_flow_imbalance\.stop_loss_pct .* risk\.exit_collar_pct") as caught:
        load(environment=environment, env_file=NO_FILE)
    assert "\n" not in str(caught.value)
    environment["WILDBOT_TRADING__STRATEGY"] = "market_maker"  # whose stop never rests
    load(environment=environment, env_file=NO_FILE)


def test_secrets_are_masked_where_settings_are_shown() -> None:
    rows = {key: value for key, value, _ in load(environment={}, env_file=NO_FILE).rows()}
    assert rows["exchange.api_secret"] == MASK
    assert rows["capital.starting"] == "16"


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "default.toml").write_text("x = [")
    with pytest.raises(ConfigurationError, match=r"default\.toml cannot be read"):
        load(environment={}, config_folder=tmp_path, env_file=NO_FILE)


# --- the owner's own file -----------------------------------------------------------------------------------------


def test_a_file_of_the_owner_s_lies_on_the_profile_and_below_the_environment(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text('profile = "paper"\n[risk]\nallow_short = true\n[trading]\nmax_traders = 1\n')
    environment = {"WILDBOT_CONFIG": str(own), "WILDBOT_TRADING__MAX_TRADERS": "2"}
    loaded = load(environment=environment, env_file=NO_FILE)
    assert loaded.settings.profile == "paper"
    assert (loaded.settings.risk.allow_short, loaded.settings.trading.max_traders) == (True, 2)
    assert (loaded.origins["risk.allow_short"], loaded.origins["trading.max_traders"]) == (str(own), "environment")


@pytest.mark.parametrize(
    ("text", "words"), [(None, "there is no such file"), ("[rsik]\nx = 1\n", "rsik"), ("[", "cannot be read")]
)
def test_a_mistake_in_the_owner_s_file_names_it(tmp_path: Path, text: str | None, words: str) -> None:
    own = tmp_path / "mine.toml"
    if text is not None:
        own.write_text(text)
    with pytest.raises(ConfigurationError, match=words) as caught:
        load(environment={"WILDBOT_CONFIG": str(own)}, env_file=NO_FILE)
    assert "mine.toml" in str(caught.value)


@pytest.mark.parametrize(("told", "paths"), [("", ()), ("a.csv", ("a.csv",)), ('["a.csv","b.csv"]', ("a.csv", "b.csv"))])
def test_one_recording_may_stand_without_brackets(told: str, paths: tuple[str, ...]) -> None:
    loaded = load(environment={"WILDBOT_EXCHANGE__DATA": told}, env_file=NO_FILE)
    assert loaded.settings.exchange.data == paths


@pytest.mark.parametrize("path", sorted((CONFIG_FOLDER / "examples").glob("*.toml")), ids=lambda path: path.name)
def test_every_example_loads(path: Path) -> None:
    loaded = load(environment={"WILDBOT_CONFIG": str(path)}, env_file=NO_FILE)
    assert loaded.origins["trading.strategy"] == str(path)
    assert all(calendar_code(loaded.settings, pair) == "" for pair in loaded.settings.trading.universe)


@pytest.mark.parametrize(("key", "value"), [("INSTRUMENTS", '["AAPL"]'), ("ENTRY_HOURS", '["9-10"]')])
def test_sessions_that_make_no_sense_are_refused(key: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"sessions.{key.lower()}"):
        load(environment={f"WILDBOT_SESSIONS__{key}": value}, env_file=NO_FILE)
