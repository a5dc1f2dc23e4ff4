"""The flame graph of an order's way as an image: which function calls which, and how much of all calls is below it.

    python -m tests.budget.flame        # draws docs/images/order.svg anew

Rules: widths are calls of Python and C functions, counted and not timed, so the image is the same on any machine. Left the
    trader, from a book's bytes to its request's; right the gateway, from those to the frame.
Source: flame graphs after Gregg; here a frame's children stand below it, widest first.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from types import FrameType

from tests.budget.builders_budget import COUNTED, driven
from tests.budget.builders_order import order_work
from wildbot.model.desk import OrderRequest
from wildbot.protocol.bus import encode, market_frame, read_market_frame

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "order.svg"
WIDTH, ROW, LETTER, NARROWEST = 1_400, 18, 6.2, 3.0
COLOURS = ("#fdba74", "#fcd34d", "#fda4af", "#f9a8d4")


@dataclass
class Node:
    """A function below its caller: calls of it there, and what it called. `calls` of the root is the number of orders."""

    calls: int = 0
    below: dict[str, "Node"] = field(default_factory=dict)

    def total(self) -> int:
        return self.calls + sum(each.total() for each in self.below.values())

    def fold(self, act: Callable[[], object]) -> tuple[int, object]:
        """Run an action and add its calls to this tree; return how many there were, and what it returned."""
        stack, before = [self], self.total()

        def seen(frame: FrameType, event: str, what: object) -> None:
            if event in ("call", "c_call"):
                name = frame.f_code.co_qualname if event == "call" else getattr(what, "__qualname__", str(what))
                node = stack[-1].below.setdefault(name.replace("<locals>.", ""), Node())
                node.calls += 1
                stack.append(node)
            elif len(stack) > 1:
                stack.pop()

        sys.setprofile(seen)
        try:
            returned = act()
        finally:
            sys.setprofile(None)
        del self.below["setprofile"]
        return self.total() - before, returned


def trader_tree() -> Node:
    """The decisions of a warm market maker that ended in a request."""
    run, kept = driven("market_maker"), Node()
    for _ in range(COUNTED):
        book = run.next_book()
        frame, tree = market_frame(book), Node()

        def decide(frame: bytes = frame, now_ns: int = book.recv_ts_ns) -> object:
            commands = run.engine.handle(read_market_frame(frame), now_ns)
            return commands, [encode(each) for each in commands if isinstance(each, OrderRequest)]

        _, (commands, requests) = tree.fold(decide)  # type: ignore[misc]
        if requests:
            _add(kept, tree)
        run.settle(book, commands)
    return kept


def _add(tree: Node, other: Node) -> None:
    tree.calls += other.calls
    for name, each in other.below.items():
        _add(tree.below.setdefault(name, Node()), each)


def gateway_tree() -> Node:
    tree = Node()
    with tempfile.TemporaryDirectory() as folder:
        order_work(Path(folder), tree.fold)
    return tree


def drawn(trees: dict[str, Node]) -> str:
    """Return the trees side by side as an SVG that needs nothing else."""
    parts: list[str] = []
    deepest, left = 0, 0.0
    for name, tree in trees.items():
        (act,) = tree.below.values()
        orders = act.calls
        act.calls = 0
        each = WIDTH / len(trees)
        title = f"{name}: {act.total() / orders:.0f} calls an order"
        deepest = max(deepest, _draw(parts, title, act, left, each, 0, act.total(), orders))
        left += each
    height = (deepest + 1) * ROW
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="10">'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', *parts, "</svg>", ""])


def _draw(parts: list[str], name: str, node: Node, left: float, width: float, depth: int, whole: int, orders: int) -> int:
    total, top = node.total(), depth * ROW
    tip = f"{name}: {total / orders:.1f} calls an order, {total / whole:.0%}"
    parts.append(
        f'<g><title>{escape(tip)}</title><rect x="{left:.1f}" y="{top}" width="{max(0.0, width - 0.5):.1f}"'
        f' height="{ROW - 1}" fill="{COLOURS[(len(name) + depth) % len(COLOURS)]}"/>'
    )
    letters = int((width - 4) / LETTER)
    if letters > 2:
        shown = name if depth == 0 else name.rsplit(".", 1)[-1]
        parts.append(f'<text x="{left + 3:.1f}" y="{top + 12}">{escape(shown[:letters])}</text>')
    parts.append("</g>")
    deepest = depth
    at = left + width * node.calls / total
    for below, each in sorted(node.below.items(), key=lambda row: -row[1].total()):
        share = width * each.total() / total
        if share >= NARROWEST:
            deepest = max(deepest, _draw(parts, below, each, at, share, depth + 1, whole, orders))
        at += share
    return deepest


if __name__ == "__main__":
    IMAGE.write_text(drawn({"trader": trader_tree(), "gateway": gateway_tree()}), encoding="utf-8")
