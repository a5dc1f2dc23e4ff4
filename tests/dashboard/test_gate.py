"""The password gate: right ones pass, guesses are slowed down."""

from wildbot.dashboard.gate import FREE_GUESSES, LOCKED_S, Guesses


def test_the_right_password_passes_and_a_wrong_one_does_not() -> None:
    guesses = Guesses()
    assert guesses.judge("wrong", "right", 0.0) is False
    assert guesses.judge("right", "right", 0.0) is True
    assert guesses.judge("rïght", "right", 0.0) is False


def test_after_too_many_wrong_guesses_even_the_right_one_has_to_wait() -> None:
    guesses = Guesses()
    for _ in range(FREE_GUESSES):
        assert guesses.judge("wrong", "right", 0.0) is False
    assert guesses.judge("right", "right", LOCKED_S - 0.1) is None
    assert guesses.judge("right", "right", LOCKED_S) is True


def test_a_right_guess_forgives_the_wrong_ones_before_it() -> None:
    guesses = Guesses()
    for _ in range(2):
        for _ in range(FREE_GUESSES - 1):
            guesses.judge("wrong", "right", 0.0)
        assert guesses.judge("right", "right", 0.0) is True
