"""A thread for what takes long, so that a loop never waits for it: asked by `ask`, its answers fetched by `drain`.

Rules: one thing at a time, in order. The thread ends with the process and is never waited for: what it hangs in may hang
    for ever. What its function raises is told by its type alone, since an exception's text may hold a secret.
"""

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Errands(Generic[Q, A]):
    """Runs `do` on each question. `broken` makes the answer when that raises, from the exception's type name."""

    def __init__(self, name: str, do: Callable[[Q], A], broken: Callable[[str], A]) -> None:
        self._do = do
        self._broken = broken
        self._asked: queue.SimpleQueue[Q] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[A] = queue.SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def ask(self, question: Q) -> None:
        """Hand a question over; returns at once."""
        self._asked.put(question)

    def drain(self) -> list[A]:
        """Return the answers that are there, oldest first."""
        answers = []
        while not self._answers.empty():
            answers.append(self._answers.get_nowait())
        return answers

    def _work(self) -> None:
        while True:
            question = self._asked.get()
            try:
                answer = self._do(question)
            except Exception as error:
                answer = self._broken(type(error).__name__)
            self._answers.put(answer)
