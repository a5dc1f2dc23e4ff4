"""Which messages this process speaks, as one short word: two processes whose words differ must not trade together.

Rules: derived from the message classes that are loaded, not from files, so it tells what this process really runs.
Source: the Knight Capital loss of 2012, where one of eight servers ran older code.
"""

import hashlib

import msgspec.inspect

from wildbot.model.control import FromSupervisor, ToSupervisor
from wildbot.model.desk import FromAllocator, FromGateway, ToAllocator, ToGateway

_MESSAGES = (FromSupervisor, ToSupervisor, FromAllocator, FromGateway, ToAllocator, ToGateway)
_TYPES = "".join(repr(msgspec.inspect.type_info(messages)) for messages in _MESSAGES)
SCHEMA_ID = hashlib.sha256(_TYPES.encode()).hexdigest()[:12]


def build_word(settings_fingerprint: str) -> str:
    """Return message types and settings of this process as one word, such as 195d50a7a02c/9b2e70c1d3aa."""
    return f"{SCHEMA_ID}/{settings_fingerprint}"
