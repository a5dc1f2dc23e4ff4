"""The feed handler's loop on asyncio: descriptors, timers, and what happens when a callback breaks."""

import asyncio
import os
from collections.abc import Callable

import pytest

from wildbot.adapters.mirror_feed import MirrorLoop

WAIT_S = 5.0


class Pipe:
    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def fileno(self) -> int:
        return self._read

    def tell(self) -> None:
        os.write(self._write, b".")

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


def run(scenario: Callable[[MirrorLoop, asyncio.Event], None], *, fails: bool = False) -> MirrorLoop:
    """Let a scenario set things up, and wait until it says done (or the loop has failed)."""

    async def main() -> MirrorLoop:
        done = asyncio.Event()
        loop = MirrorLoop(asyncio.get_running_loop(), lambda *_: None, lambda _: None)
        scenario(loop, done)
        if fails:
            await asyncio.wait({loop.failed}, timeout=WAIT_S)
        else:
            await asyncio.wait_for(done.wait(), WAIT_S)
        return loop

    return asyncio.run(main())


def test_a_readable_descriptor_calls_back_until_it_is_forgotten() -> None:
    pipe, seen = Pipe(), list[str]()

    def scenario(loop: MirrorLoop, done: asyncio.Event) -> None:
        def readable() -> None:
            seen.append("readable")  # nothing is read, so it stays readable
            if len(seen) == 3:
                loop.unwatch(pipe)
                loop.later(0.0, done.set)

        loop.watch(pipe, readable)
        pipe.tell()

    run(scenario)
    pipe.close()
    assert seen == ["readable"] * 3


def test_every_goes_on_and_later_happens_once() -> None:
    seen: list[str] = []

    def scenario(loop: MirrorLoop, done: asyncio.Event) -> None:
        def turn() -> None:
            seen.append("turn")
            if len(seen) >= 4:
                done.set()

        loop.later(0.0, lambda: seen.append("once"))
        loop.every(0.001, turn)

    run(scenario)
    assert seen.count("once") == 1


def test_a_callback_that_breaks_ends_the_feed_and_says_why() -> None:
    seen: list[str] = []

    def scenario(loop: MirrorLoop, done: asyncio.Event) -> None:
        def broken() -> None:
            seen.append("broken")
            raise ValueError("our mistake")

        loop.every(0.0, broken)
        loop.later(0.0, lambda: None)

    loop = run(scenario, fails=True)
    assert seen == ["broken"]
    with pytest.raises(ValueError, match="our mistake"):
        loop.failed.result()
