from jidoka.plc_gateway.deadband import Band, Filter


def test_without_a_band_every_scan_sends() -> None:
    filter_ = Filter(10)
    assert filter_.pick(0, {"a": 1}) == {"a": 1}
    assert filter_.pick(1, {"a": 1}) == {"a": 1}


def test_unchanged_values_wait_for_the_heartbeat() -> None:
    filter_ = Filter(10, {"a": Band()})
    assert filter_.pick(0, {"a": 1}) == {"a": 1}
    assert filter_.pick(9, {"a": 1}) == {}
    assert filter_.pick(10, {"a": 1}) == {"a": 1}
    assert filter_.pick(11, {"a": 2}) == {"a": 2}


def test_absolute_band_counts_from_the_value_last_sent() -> None:
    filter_ = Filter(100, {"t": Band(absolute=0.5)})
    sent = [bool(filter_.pick(i, {"t": value})) for i, value in enumerate([20.0, 20.3, 20.5, 20.6, 20.2, 20.0])]
    assert sent == [True, False, False, True, False, True]


def test_percent_band() -> None:
    filter_ = Filter(100, {"t": Band(percent=10)})
    assert [bool(filter_.pick(i, {"t": value})) for i, value in enumerate([100.0, 109.0, 111.0])] == [True, False, True]


def test_strings_and_booleans_go_by_equality() -> None:
    filter_ = Filter(100, {"s": Band(absolute=5), "b": Band(absolute=5)})
    assert filter_.pick(0, {"s": "x", "b": True}) == {"s": "x", "b": True}
    assert filter_.pick(1, {"s": "x", "b": False}) == {"b": False}


def test_a_tag_that_was_bad_is_sent_again_at_once() -> None:
    filter_ = Filter(100, {"a": Band()})
    filter_.pick(0, {"a": 1})
    filter_.forget(["a"])
    assert filter_.pick(1, {"a": 1}) == {"a": 1}


def test_a_value_that_becomes_doubtful_or_certain_is_sent_though_it_did_not_move() -> None:
    by_change = Filter(10.0, {"T": Band()})
    picked = [
        by_change.pick(float(now), {"T": 5.0}, doubts)
        for now, doubts in enumerate([{}, {}, {"T": "a"}, {"T": "a"}, {"T": "b"}, {}, {}])
    ]
    assert [bool(values) for values in picked] == [True, False, True, False, True, True, False]


def test_a_slow_scan_sends_nothing_of_its_own_and_what_was_sent_with_it_is_sent_again() -> None:
    by_change = Filter(10.0, {"T": Band()})
    scans = [(1.0, None), (1.0, "slow"), (2.0, "slow"), (2.0, "slow"), (2.0, None), (2.0, None), (2.0, "slow")]
    picked = [by_change.pick(float(now), {"T": value}, {}, slow) for now, (value, slow) in enumerate(scans)]
    assert [bool(values) for values in picked] == [True, False, True, False, True, False, False]
