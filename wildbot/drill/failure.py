"""How a drill says that something did not go as promised."""


class DrillError(Exception):
    """The promise is broken, or the drill could not be carried out; the text is one sentence for the owner."""


class NotStruckError(DrillError):
    """The fault was armed and never happened, so the case proves nothing."""
