import math
import random
import statistics

from wildbot.simulation.fundamental import CommonFactor, Fundamental, Regime, jump

STEP = 250_000_000


def walks(seconds, count=2, sigma_bps=2.0, seed=5):
    rng = random.Random(seed)
    common = CommonFactor(random.Random(seed + 1), 0)
    made = [Fundamental(1e6, sigma_bps, common=common, rng=random.Random(rng.random()), now_ns=0) for _ in range(count)]
    paths, regimes = [[] for _ in made], [[] for _ in made]
    for step in range(1, seconds * 4 + 1):
        for walk, path, seen in zip(made, paths, regimes, strict=True):
            walk.advance(step * STEP)
            path.append(math.log(walk.ticks) * 10_000)
            seen.append(walk.regime)
    return paths, regimes


def returns(path, every=4):
    return [after - before for before, after in zip(path[::every], path[every::every], strict=False)]


def test_one_second_volatility_is_about_what_was_asked_for():
    paths, _ = walks(4000)
    for path in paths:
        typical = statistics.median(abs(step) for step in returns(path)) / 0.6745
        assert 1.2 < typical < 3.2


def test_pairs_move_together_in_part():
    paths, _ = walks(4000)
    correlation = statistics.correlation(returns(paths[0], 40), returns(paths[1], 40))
    assert 0.25 < correlation < 0.85


def test_every_regime_occurs_and_calm_is_the_commonest():
    _, regimes = walks(6000)
    counts = {regime: sum(seen.count(regime) for seen in regimes) for regime in Regime}
    assert min(counts.values()) > 0 and max(counts, key=counts.__getitem__) is Regime.CALM


def test_jumps_are_large_and_go_both_ways():
    rng = random.Random(1)
    jumps = [jump(rng) for _ in range(1000)]
    assert min(abs(size) for size in jumps) >= 4 and 400 < sum(size > 0 for size in jumps) < 600
