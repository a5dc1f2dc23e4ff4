"""The error tree; each class says who has to act.

Rules: an *operating* outcome (timeout, refusal, gap) is a value in `executions`, never an exception. Exceptions are for
    bytes we cannot read, for settings we cannot use and for states that cannot be.
"""


class WildBotError(Exception):
    """Root of everything WildBot raises on purpose."""


class ProtocolError(WildBotError):
    """Foreign bytes we cannot read: raised in a codec, caught once at the door; the message is dropped and counted."""


class JournalError(WildBotError):
    """The journal took nothing of a batch; the text says why. What depends on the rows does not happen."""


class VenueRefusal(WildBotError):
    """The venue answered and said no; the text is the venue's own. The caller decides, nothing is retried blindly."""


class VenueSilence(WildBotError):
    """The venue gave no usable answer (timeout, reset, HTML page, 5xx): the outcome of the request is unknown."""


class ConfigurationError(WildBotError):
    """The owner has to change a setting; the text names the key, the value and the rule. Exit code 78."""


class BackupError(WildBotError):
    """No copy was made; the text says why. Nothing was changed, and the owner names another file or tries again."""


class InvariantError(WildBotError):
    """A state that cannot be (impossible transition, leases above capital): caught by nobody but the actor's loop,
    which cancels, says so, and exits."""
