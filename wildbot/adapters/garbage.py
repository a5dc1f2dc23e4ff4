"""Python's garbage collector, told to keep out of the way of work that makes many objects which die by themselves.

Rules: nothing is switched off, only looked at more rarely; whoever does it for a while puts everything back.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

NEW_OBJECTS = 10_000
"""Objects that may be new before the collector looks at them: most die by themselves, and a look takes its time."""


def settle() -> None:
    """Clean up, and take what is left out of the collector's sight; from now on it looks at new objects rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


@contextmanager
def settled() -> Iterator[None]:
    """The same while the block lasts."""
    thresholds = gc.get_threshold()
    settle()
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
