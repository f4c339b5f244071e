"""How long failed keys wait."""

from random import Random

from kubecapy.runtime.rate_limiters import KeyBackoff, RateLimits, TokenBucket, rate_limiter
from kubecapy.testing.virtual_time import VirtualClock, on_virtual_time


def test_each_key_doubles_its_own_wait_up_to_the_longest() -> None:
    backoff = KeyBackoff(0.005, 1000.0)

    waits = [backoff.delay("a") for _ in range(20)]

    assert waits[:4] == [0.005, 0.01, 0.02, 0.04]
    assert waits[-1] == 1000.0
    assert backoff.delay("b") == 0.005
    backoff.forget("a")
    assert backoff.delay("a") == 0.005


def test_a_key_that_fails_for_ever_does_not_overflow() -> None:
    backoff = KeyBackoff(0.005, 1000.0)

    assert [backoff.delay("a") for _ in range(2000)][-1] == 1000.0


@on_virtual_time
async def test_a_bucket_lets_a_burst_through_and_then_a_rate() -> None:
    clock = VirtualClock()
    bucket = TokenBucket(10.0, 3, clock)

    assert [round(bucket.delay("any"), 3) for _ in range(5)] == [0.0, 0.0, 0.0, 0.1, 0.2]
    await clock.sleep(0.2)
    assert round(bucket.delay("any"), 3) == 0.1
    await clock.sleep(1000)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


@on_virtual_time
async def test_the_longer_wait_counts() -> None:
    limiter = rate_limiter(RateLimits(burst=2), VirtualClock(), Random(1))

    assert [round(limiter.delay(key), 3) for key in ("a", "b", "c", "c", "d")] == [0.005, 0.005, 0.1, 0.2, 0.3]


@on_virtual_time
async def test_keys_that_failed_together_come_back_apart() -> None:
    limiter = rate_limiter(RateLimits(base_seconds=1.0, jitter=0.2), VirtualClock(), Random(1))

    waits = [limiter.delay(str(number)) for number in range(50)]

    assert len(set(waits)) == 50
    assert min(waits) >= 1.0
    assert max(waits) <= 1.2
