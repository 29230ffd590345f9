"""Token buckets."""

from ringmain.kit.http.limits import Bucket, Buckets, Limit


def test_a_bucket_gives_its_quota_and_fills_again() -> None:
    """Three at once, then one for each third of a second, and never more than three."""
    limit = Limit(3)
    bucket = Bucket(limit, 10.0)
    assert [bucket.take(limit, 10.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait_seconds(limit) == 1
    assert [bucket.take(limit, 10.34) for _ in range(2)] == [True, False]
    assert [bucket.take(limit, 100.0) for _ in range(4)] == [True, True, True, False]


def test_a_slow_bucket_says_how_long_to_wait() -> None:
    """At six a minute an empty bucket asks for ten seconds, rounded up."""
    limit = Limit(6, seconds=60.0)
    bucket = Bucket(limit, 0.0)
    for _ in range(6):
        assert bucket.take(limit, 0.0)
    assert bucket.wait_seconds(limit) == 10
    assert not bucket.take(limit, 9.9)
    assert bucket.take(limit, 10.1)


def test_callers_do_not_share_a_bucket_and_are_forgotten() -> None:
    """One caller's greed is not another's; buckets that are full again leave, those in use stay."""
    now = [0.0]
    buckets = Buckets(Limit(1, seconds=10.0), most=2, monotonic=lambda: now[0])
    assert buckets.take("a") is None
    assert buckets.take("a") is not None
    assert buckets.take("b") is None
    now[0] = 11.0
    assert buckets.take("b") is None
    now[0] = 12.0
    assert buckets.take("c") is None
    assert list(buckets._buckets) == ["b", "c"]
    assert buckets.take("b") is not None


def test_many_callers_at_once_do_not_fill_the_memory() -> None:
    """A flood of new callers keeps the number of buckets bounded."""
    buckets = Buckets(Limit(1, seconds=1000.0), most=100)
    for caller in range(1_000):
        buckets.take(caller)
    assert len(buckets._buckets) <= 100
