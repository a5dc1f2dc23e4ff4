"""Worker processes of a verb: one that dies is a sentence, and an interrupt waits for nobody."""

import os
import signal
from multiprocessing import active_children

import pytest

from wildbot.commands.workers import WorkersLostError, worker_processes

PATIENCE_S = 30


def test_a_worker_that_dies_is_one_sentence() -> None:
    with pytest.raises(WorkersLostError, match="was killed"), worker_processes(1) as pool:
        pool.submit(os._exit, 9).result()


def test_an_interrupted_verb_waits_for_no_worker() -> None:
    others = active_children()
    with pytest.raises(KeyboardInterrupt), worker_processes(1) as pool:
        assert pool.submit(signal.getsignal, signal.SIGINT).result() is signal.SIG_IGN
        pool.submit(signal.pause)
        raise KeyboardInterrupt
    for worker in (each for each in active_children() if each not in others):
        worker.join(PATIENCE_S)
        assert not worker.is_alive()
