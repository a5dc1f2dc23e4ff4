"""Which power of `queue_position` is in force: the setting, until real orders contradict it.

Rules: the fitted power takes over when at least `ORDERS_MIN` orders said something and the setting lies outside the range
    that suits them as well; it is one of the powers that the fit tries, an eighth to eight. Looked up at each start, from
    what the truth desk keeps; an order keeps the model it came to rest under. When the evidence no longer excludes the
    setting, the setting is in force again.
Known limit: the fit leans toward 1 (see `queue_fit`), so it goes rather too short a way than too far.
"""

from wildbot.model.status import PowerBelief

ORDERS_MIN = 100
"""So many orders with evidence make the two standard errors of a fit's range worth something."""


def power_in_force(setting: float, belief: PowerBelief | None) -> float:
    """Return the power to use, given what our own fills said last; None: nothing yet."""
    if belief is None or belief.orders < ORDERS_MIN or belief.low <= setting <= belief.high:
        return setting
    return belief.fitted
