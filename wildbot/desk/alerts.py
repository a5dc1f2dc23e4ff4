"""What a brain of the desk wants the owner to know: a condition holds, or holds no longer."""

import msgspec

from wildbot.model.status import Severity


class RaiseAlert(msgspec.Struct, frozen=True):
    """The condition `key` holds; it is told once until it clears."""

    level: Severity
    key: str
    text: str


class ClearAlert(msgspec.Struct, frozen=True):
    """The condition `key` no longer holds."""

    key: str
