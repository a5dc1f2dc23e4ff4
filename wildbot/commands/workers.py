"""Who does the work of a verb that has much of it: processes of this machine, or a Dask cluster.

Rules: a worker that dies is one sentence. A verb that fails or is interrupted waits for nobody: what it asked for is
    dropped and its processes are ended; interrupting is the verb's business alone, so a worker does not hear it.
"""

import importlib
import logging
import os
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context

from wildbot.model.errors import ConfigurationError

CLUSTER_PATIENCE_S = 10


class WorkersLostError(ConfigurationError):
    """Who did the work is gone; the owner gives them more memory, or fewer tasks at a time."""


@contextmanager
def worker_processes(count: int = 0) -> Iterator[Executor]:
    """Yield a pool of so many processes, 0: one per core.

    Raises: WorkersLostError when one of them dies.
    """
    others = active_children()
    pool = ProcessPoolExecutor(count or os.cpu_count(), mp_context=get_context("spawn"), initializer=_hear_no_interrupt)
    try:
        yield pool
        pool.shutdown()
    except BaseException as error:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in active_children():
            if process not in others:
                process.terminate()
        if isinstance(error, BrokenExecutor):
            raise WorkersLostError("a worker process was killed, perhaps for want of memory: use fewer of them") from None
        raise


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """Yield the workers of the Dask scheduler at an address, tcp://...

    Raises: ConfigurationError when it does not answer; WorkersLostError when it goes away, or its workers keep dying.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise ConfigurationError("--scheduler needs the extra: pip install 'wildbot[cluster]'") from None
    try:
        client = distributed.Client(address, timeout=CLUSTER_PATIENCE_S)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--scheduler {address!r} does not answer: {error}") from None
    with _unlogged(), client:
        pool = client.get_executor(pure=False)
        try:
            yield pool
        except distributed.KilledWorker:
            raise WorkersLostError(
                f"the cluster at {address!r} gave up: several of its workers died, perhaps for want of memory"
            ) from None
        except CancelledError:
            raise WorkersLostError(f"--scheduler {address!r} has gone, or was started anew") from None
        finally:
            pool.shutdown(wait=False)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep the tracebacks to ourselves that Dask logs of what was cancelled or has gone; the sentence says it."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _hear_no_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
