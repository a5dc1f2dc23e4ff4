"""WildBot, the library: no process starts here.

The map of the house, ground floor first; a room may import only from rooms below it.

    model/       words: frozen values every room shares          settings.py   one settings tree
    market/      what the market is: book, signals, pair score    protocol/     how our processes speak
    trading/     what one trader is doing: orders, position, risk venues/       how exchanges speak, no sockets
    strategies/  one file, one idea    desk/ what all traders share    analytics/ looking back
    engine.py    one trader's whole mind                          adapters/     the only door to the world
    simulation/  pure worlds to test minds in
"""
