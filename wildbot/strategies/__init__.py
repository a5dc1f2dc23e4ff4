"""One file, one idea: every module here with a `STRATEGY = StrategySpec(...)` is a strategy. Pure."""
