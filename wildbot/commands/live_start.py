"""Before profile live starts: the doctor's checks, and the one way in which a live start becomes a paper start.

Rules: a check that fails ends the start. The one exception: everything else is well, but the private API does not answer or
    refuses the key, and by our journal no order of ours can rest there; then paper trading starts instead, and every
    channel says so: here, the log, the alerts of the status, and the badge. A running WildBot never changes its profile.
Source: the mission's M4; the doctor's findings.
"""

import os

from actors.gateway_setup import FALLBACK_NAME
from actors.spec import EXIT_CONFIGURATION
from wildbot.adapters.home import Home
from wildbot.adapters.live_gate import CONFIRM_NAME
from wildbot.adapters.secrets import KEY_NAME, SECRET_NAME
from wildbot.commands.doctor import examine_settings, show
from wildbot.commands.doctor_exchange import PRIVATE_API
from wildbot.commands.doctor_findings import Finding, Verdict
from wildbot.commands.doctor_journal import journal_path, open_orders
from wildbot.commands.terminal import fail, warn
from wildbot.settings import Profile, Settings
from wildbot.settings_loading import load


def examined_live_settings(settings: Settings) -> Settings:
    """Return the settings to start with: these, or those of paper after a fallback. Ends the command when neither may."""
    findings = [finding for finding in examine_settings(settings) if finding.verdict is not Verdict.OK]
    if findings:
        show(findings)
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    if not failed:
        return settings
    if [finding.check for finding in failed] != [PRIVATE_API]:
        fail("profile live does not start over a failed check; `wildbot doctor` shows them all", EXIT_CONFIGURATION)
    return _paper_instead(settings, failed[0])


def _paper_instead(settings: Settings, why: Finding) -> Settings:
    resting = open_orders(journal_path(Home(settings.home), settings))
    if resting is None:
        fail("the private API cannot be used, and the journal does not say what may rest there", EXIT_CONFIGURATION)
    if resting:
        fail(
            f"the private API cannot be used ({why.text}), and {resting} orders of the last run may still rest there: look"
            " at the exchange, then start again; WildBot does not trade on paper over them",
            EXIT_CONFIGURATION,
        )
    text = f"asked for live, trading on PAPER: the private API cannot be used: {why.text}"
    for name in (KEY_NAME, SECRET_NAME, f"{KEY_NAME}_FILE", f"{SECRET_NAME}_FILE", CONFIRM_NAME):
        os.environ.pop(name, None)
    # Set, not removed: an address of a .env file would come back otherwise.
    os.environ |= {
        "WILDBOT_PROFILE": Profile.PAPER.value,
        "WILDBOT_EXCHANGE__EMBEDDED": "true",
        "WILDBOT_KRAKEN__REST_URL": "",
        "WILDBOT_KRAKEN__WS_AUTH_URL": "",
        FALLBACK_NAME: text,
    }
    warn(text)
    return load().settings
