"""Somebody else speaks on our sockets, twice, late or nonsense; sockets vanish: cases D01 to D15.

Source: the fault catalogue's group D.
"""

import json
import time
from collections.abc import Callable, Sequence

import msgspec
import zmq

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.crash_steps import be_well, begin, is_well
from wildbot.drill.moves import Quote, a_quote, demand, demand_sent_once, requests
from wildbot.drill.whole import Whole
from wildbot.model.desk import OrderRequest
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import NewOrder, Purpose, Side
from wildbot.protocol.bus import encode

SOCKETS = ("actors", "orders", "capital", "control")
RUBBISH = (b"", b"\x00" * 10, b"[" * 5_000, b"\xff" * 70_000, b"\x93\xa5hello\x01", b'{"verb":["a"],"id":null}')
HEARD_S = 3.0
"""A request on a local socket that nobody acted on after so long was refused."""

FLOOD = 400


def send(whole: Whole, name: str, messages: Sequence[Sequence[bytes]], identity: str = "") -> None:
    """Send messages to one of our sockets as a peer nobody asked for."""
    peer: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    if identity:
        peer.setsockopt(zmq.IDENTITY, identity.encode())
    peer.connect(f"ipc://{whole.home / 'run' / name}.ipc")
    for parts in messages:
        peer.send_multipart(list(parts))
    peer.close(linger=2_000)


def an_order(whole: Whole, quote: Quote, cl_ord_id: str, *, older: int = 0, late_s: float = 0) -> OrderRequest:
    """Return an order request as the quote's own trader might have sent it; `older` epochs ago, decided `late_s` ago."""
    row = next(row for row in whole.status()["traders"] if row["pair"] == quote.pair)
    decided_ns = time.time_ns() - int(late_s * NANOS_PER_SECOND)
    digits = len(quote.price.partition(".")[2])
    ticks = int(quote.price.replace(".", "")) - 1
    demand(digits > 0, f"the price {quote.price} has no decimals")
    order = NewOrder(cl_ord_id, quote.pair, Side.BUY, ticks, int(quote.qty * 10**8), Purpose.ENTRY)
    return OrderRequest(row["epoch"] - older, order, decided_ns, decided_ns + NANOS_PER_SECOND)


def _demand_never_sent(whole: Whole, since: int, cl_ord_id: str, why: str) -> None:
    until_ns = time.monotonic() + HEARD_S
    while time.monotonic() < until_ns:
        whole.status()
    sent = [each for each in requests(whole, since, "add_order") if each["params"].get("cl_ord_id") == cl_ord_id]
    demand(not sent, f"an order {why} was sent to the exchange")


def same_request_twice(whole: Whole) -> None:
    """D01."""
    quote = a_quote(whole)
    request = encode(an_order(whole, quote, quote.cl_ord_id))
    send(whole, "orders", [[request]] * 3)
    for _ in range(4):
        whole.status()
    demand_sent_once(whole, quote.cl_ord_id)


def answers_keep_their_questions(whole: Whole) -> None:
    """D02."""
    asker: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    try:
        asker.connect(f"ipc://{whole.home / 'run' / 'control.ipc'}")
        for number in range(20):
            verb = "status" if number % 2 else "nonsense"
            asker.send_multipart([b"", json.dumps({"id": f"q{number}", "verb": verb, "args": {}}).encode()])
        answers: dict[str, bool] = {}
        while len(answers) < 20:
            demand(bool(asker.poll(10_000)), f"{20 - len(answers)} of 20 questions got no answer")
            answer = json.loads(asker.recv_multipart()[-1])
            demand(answer["id"] not in answers, f"question {answer['id']} was answered twice")
            answers[answer["id"]] = answer["ok"]
    finally:
        asker.close(linger=0)
    wrong = [name for name, ok in answers.items() if ok != bool(int(name[1:]) % 2)]
    demand(not wrong, f"answers went to other questions: {wrong}")


def endpoint_stolen(whole: Whole) -> None:
    """D04: another process binds our path and leaves; a new trader must find the real gateway again."""
    begin(whole)
    path = whole.home / "run" / "orders.ipc"
    thief: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
    path.unlink()
    thief.bind(f"ipc://{path}")
    time.sleep(HEARD_S)
    thief.close(linger=0)
    _successor_trades(whole)


def socket_removed(whole: Whole) -> None:
    """D15."""
    begin(whole)
    (whole.home / "run" / "orders.ipc").unlink()
    _successor_trades(whole)


def _successor_trades(whole: Whole) -> None:
    """Kill a trader, so that somebody has to connect anew, and demand that the pair is traded again."""
    be_well(whole)
    pair = a_quote(whole).pair
    whole.kill("trader-" + pair.replace("/", "-"))
    whole.wait(lambda d: not is_well(d), "the death noticed", 10)
    be_well(whole)


def older_epoch(whole: Whole) -> None:
    """D05: what a trader sent that was replaced meanwhile."""
    quote, since = a_quote(whole), whole.exchange.seq()
    request = an_order(whole, quote, "wb0x9001", older=1)
    send(whole, "orders", [[encode(request)]])
    _demand_never_sent(whole, since, "wb0x9001", "of a trader that was replaced")


def late_order(whole: Whole) -> None:
    """D06."""
    quote, since = a_quote(whole), whole.exchange.seq()
    request = an_order(whole, quote, "wb0x9002", late_s=5)
    send(whole, "orders", [[encode(request)]])
    _demand_never_sent(whole, since, "wb0x9002", "decided five seconds ago")


def rubbish(whole: Whole) -> None:
    """D11."""
    be_well(whole)
    before = {row["name"]: row["pid"] for row in whole.status()["actors"]}
    for name in SOCKETS:
        for frame in RUBBISH:
            send(whole, name, [[frame], [frame, frame], [b"", frame], [frame] * 5])
    send(whole, "control", [[b"x" * (2 << 20)]])
    for _ in range(6):
        document = whole.status()
    demand(document["state"] == "running", f"rubbish on its sockets made it {document['state']}")
    after = {row["name"]: row["pid"] for row in document["actors"]}
    died = [name for name, pid in before.items() if name in after and after[name] != pid]
    demand(not died, f"rubbish killed {', '.join(died)}")


def flood(whole: Whole) -> None:
    """C18: a trader gone wild, as the gateway sees it."""
    quote, since = a_quote(whole), whole.exchange.seq()
    model = an_order(whole, quote, "wb0x0")
    wild = []
    for number in range(FLOOD):
        order = msgspec.structs.replace(model.command, cl_ord_id=f"wb{model.epoch}x{800_000 + number}")
        wild.append([encode(msgspec.structs.replace(model, command=order))])
    send(whole, "orders", wild)
    for _ in range(6):
        whole.status()
    left = len([line for line in requests(whole, since, "add_order") if "x800" in str(line["params"].get("cl_ord_id"))])
    demand(left <= 10, f"{left} of {FLOOD} orders of a trader gone wild were sent within three seconds")


def _case(number: str, run: Callable[[Whole], None], title: str, promise: str, severity: Severity = Severity.S1) -> Case:
    return Case(id=number, group=Group.IPC, severity=severity, title=title, promise=promise, run=run)


CASES = (
    _case("C18", flood, "A trader sends hundreds of orders a second", "The gateway lets only the permitted few out."),
    _case("D01", same_request_twice, "The same order request arrives again", "It has one effect: one order."),
    _case("D02", answers_keep_their_questions, "Twenty questions at once on one line", "Each is answered once, by its id."),
    _case("D04", endpoint_stolen, "Another program takes over the gateway's socket", "Traders find the true one again."),
    _case("D05", older_epoch, "An order of a trader that was replaced arrives", "It is refused."),
    _case("D06", late_order, "An order arrives five seconds after it was decided", "It is refused."),
    _case("D11", rubbish, "Rubbish on every socket", "It is counted and dropped; nobody dies.", Severity.S2),
    _case(
        "D15",
        socket_removed,
        "The gateway's socket file is deleted",
        "New traders find it all the same.",
        Severity.S3,
    ),
)
