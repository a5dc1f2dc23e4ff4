"""What `wildbot drill` does not do to real processes, and why; the ids are the fault catalogue's.

Rules: every grave or bounded fault (S1, S2) of groups A to H is a case or stands here.
"""

STEADY = "only on virtual time: moving the machine's clock takes privileges, and all processes count by its steady one"
ARITHMETIC = "arithmetic, not a fault from outside: tested with generated numbers"

NOT_DRILLED: dict[str, str] = {
    "A18": "a nonce window belongs to real keys: a live start refuses it, tested in the gateway's start-up plan",
    "A22": "the simulated exchange has one name per pair and interface; name mapping is tested with recorded answers",
    "A34": "the bot sends no batches, so none can be refused in part",
    "A35": "one trader per pair and sales only of what is owned leave nothing of ours to cross; the checker looks for it",
    "C03": "in the crash matrix: the gateway dies at gw.intent_committed",
    "C04": "in the crash matrix: the gateway dies at gw.sent",
    "C05": "in the crash matrix: the gateway dies at gw.acked and gw.fill_committed",
    "C12": "the switch that outlives a killed stop is seen in C11; a stop too slow for supervisord cannot be staged",
    "C14": "in the crash matrix: each process fails at each of its points, and ends loudly",
    "C15": "a check that fails is staged inside the gateway only; tested with its order desk",
    "C19": "every stop of every drill is checked for orders that leave after it (rule I-14)",
    "C21": "would endanger the machine it runs on; what dies of it is C01, C06, C10, C30",
    "D03": "tested with the message bus; the rehearsal loses and delays such messages by seed",
    "D07": "in the crash matrix: sup.swap_stopped_old; the rehearsal swaps by seed",
    "D08": "the processes do not use sockets that can fall out of step; the command line makes a new one per question",
    "D09": "every start begins with it",
    "D10": "C06: the supervisor is the publisher",
    "D12": "B11 is such a backlog",
    "D13": "no process of ours is a fork of another",
    "D14": "every drill ends with an ordered stop against the clock",
    "E03": "E04 and E17 take what a commit had written away; that every commit is synchronous is tested with the journal",
    "E07": "a disk cannot be slowed down without privileges",
    "E08": "one process writes; tested with the journal",
    "E10": "no process is a fork; a network disk cannot be staged without privileges",
    "E11": "a property of the installed SQLite, not a fault that strikes",
    "F02": STEADY + "; that no step reaches it is tested with it",
    "F03": STEADY + "; that numbers rise over a step back and a restart is tested with the signing of requests",
    "F04": STEADY + "; F05 moves the exchange's clock instead, a longer jump is tested with the watch of both",
    "F06": STEADY + "; day boundaries are tested with the loss limits",
    "G01": "a matter of the start, not of running: live needs two confirmations, tested with the start itself",
    "G03": "a matter of the start: every setting has a range, tested with the settings",
    "G05": "part of the end-to-end test: a swap flattens first",
    "G07": "needs a messenger to command by: tested with the notifier, on virtual time and beside a real whole",
    "G08": "the same to the bot as A29 and A30",
    "G09": "concerns the settings of two runs",
    "G10": "commands are answered one at a time over one socket; tested with supervision",
    "G11": "a matter of the start: exit code 78, tested with the settings",
    "G12": "needs a messenger that fails: tested with the notifier, beside a real whole and a failing one",
    "H01": "B12 sends such numbers; the parsers are tested with every one of them",
    "H02": "B04 shows a crossed book; empty and negative ones are tested with the market stream",
    "H03": ARITHMETIC + "; A31 compares every fee with the exchange's",
    "H04": ARITHMETIC,
    "H05": ARITHMETIC + "; A05 looks for a number that was used twice",
    "H06": "one quote currency per run; nothing is added up across currencies",
    "H07": ARITHMETIC,
    "H08": ARITHMETIC,
    "H09": ARITHMETIC,
    "H10": ARITHMETIC,
}
"""Fault id -> why it is not drilled."""
