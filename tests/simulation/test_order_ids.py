import random
import re

from wildbot.simulation.order_ids import OrderIds

SHAPE = r"[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}"


def test_ids_have_the_venues_shape_and_are_unique():
    ids = OrderIds(random.Random(1))
    made = [ids.order(1_700_000_000 * 10**9) for _ in range(5000)]
    assert all(re.fullmatch("O" + SHAPE, text) for text in made)
    assert len(set(made)) == 5000
    assert re.fullmatch("T" + SHAPE, ids.execution(5)) and re.fullmatch("L" + SHAPE, ids.ledger(5))
    assert re.fullmatch("T" + SHAPE, ids.amend(5))


def test_ids_differ_after_a_restart_with_the_same_seed():
    first, second = OrderIds(random.Random(1)), OrderIds(random.Random(1))
    assert first.execution(10**15) != second.execution(10**15 + 10**6)


def test_ids_are_reproducible_from_seed_and_time():
    assert OrderIds(random.Random(1)).order(7) == OrderIds(random.Random(1)).order(7)
