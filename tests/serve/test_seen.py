from bot.serve.seen import Seen


def test_a_key_is_new_once_and_again_when_its_time_is_over():
    seen = Seen(seconds=600, most=10)

    assert [seen.is_first("a", now=now) for now in (0, 1, 600, 601)] == [True, False, False, True]


def test_too_many_keys_push_out_the_oldest():
    seen = Seen(seconds=600, most=2)
    for key in "abc":
        seen.is_first(key, now=0)

    assert seen.is_first("a", now=1)
    assert not seen.is_first("c", now=1)


def test_a_key_that_was_forgotten_is_new():
    seen = Seen(seconds=600, most=2)
    seen.is_first("a", now=0)

    seen.forget("a")
    seen.forget("never seen")

    assert seen.is_first("a", now=0)
