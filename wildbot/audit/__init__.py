"""The independent checker: was an order, a fill or a cent lost in a run? It judges from what was left behind.

Rules: imports nothing of WildBot, so that it shares no mistake with what it judges; exact decimals; a rule whose evidence
    is missing is `unseen`, never `held`. Run it by hand with `python -m wildbot.audit --ledger FILE --journal FILE`.
"""
