"""Numbers prove whose an image is, or nothing does."""

import pytest

from jidoka.vision_gateway.cameras.pairing import Disagreement, Pairing
from jidoka.vision_gateway.cameras.tally import ORPHANED, Tally


@pytest.fixture
def tally() -> Tally:
    made = Tally()
    made.watch(1)
    return made


def test_one_trigger_one_image(tally):
    for number in (1, 2, 3):
        assert tally.triggered() == number
        assert not tally.proven(1, number)
        tally.seen(1, number)
        assert tally.proven(1, number)
    assert not tally.doubtful()


def test_after_a_lost_image_the_next_number_proves_that_the_camera_took_both_triggers(tally):
    assert [tally.triggered(), tally.triggered()] == [1, 2]
    tally.seen(1, 2)
    assert tally.proven(1, 2)
    assert not tally.doubtful()


def test_an_ignored_trigger_gives_no_image_to_the_next_part(tally):
    tally.triggered()  # the camera ignores it
    number = tally.triggered()
    tally.seen(1, 1)  # of the second trigger, or late of the first: nobody knows
    assert not tally.proven(1, 1)
    assert not tally.proven(1, number)
    assert tally.doubtful()


def test_a_late_image_of_the_part_before_does_not_become_this_parts(tally):
    tally.triggered()
    number = tally.triggered()
    tally.seen(1, 1)
    assert not tally.proven(1, 1)
    tally.seen(1, 2)
    assert tally.proven(1, number)
    assert not tally.doubtful()


def test_an_exposure_nobody_asked_for_makes_everything_doubtful_until_the_reset(tally):
    tally.triggered()
    tally.seen(1, 2)
    tally.seen(1, 1)
    assert not tally.proven(1, 1)
    assert tally.doubtful()
    tally.reset(0.0)
    assert not tally.doubtful()


def test_a_refused_trigger_does_not_count(tally):
    tally.triggered()
    tally.refused()
    assert tally.triggered() == 1
    tally.seen(1, 1)
    assert tally.proven(1, 1)


def test_three_triggers_without_any_image_are_doubtful(tally):
    for _ in range(3):
        tally.triggered()
    assert tally.doubtful()


def test_an_image_from_before_a_reset_never_proves_a_new_number(tally):
    tally.triggered()
    tally.reset(10.0)
    assert tally.triggered() == 1
    tally.seen(1, 1)  # the old one comes late, or the new one
    assert not tally.proven(1, 1)
    assert tally.triggered() == 2
    tally.seen(1, 2)
    assert tally.proven(1, 2)
    assert not tally.proven(1, 1)
    tally.reset(11.0 + ORPHANED)
    assert tally.triggered() == 1
    tally.seen(1, 1)
    assert tally.proven(1, 1)


def test_resets_in_a_row_come_out_of_the_numbers_that_prove_nothing(tally):
    for reset in range(4):
        for _ in range(3):
            tally.triggered()
        tally.reset(float(reset))
    numbers = []
    while not numbers or not tally.proven(1, numbers[-1]):
        assert not tally.doubtful()
        numbers.append(tally.triggered())
        tally.seen(1, numbers[-1])
    assert numbers == [1, 2, 3, 4]


def test_the_image_of_one_camera_proves_the_count_for_the_others():
    tally = Tally()
    tally.watch(1)
    tally.watch(2)
    assert tally.triggered() == 1
    tally.seen(1, 1)
    assert tally.proven(2, 1)
    tally.reset(0.0)
    tally.triggered()
    assert not tally.seen(2, 1)  # camera 2 owed its first image: this may be it
    assert tally.seen(1, 1)
    assert not tally.seen(2, 1)
    assert (tally.proven(1, 1), tally.proven(2, 1)) == (True, False)


def taught(*counters: int, late: float = 0.1, start: float = 10.0) -> Pairing:
    pairing = Pairing(0.3, settle=2.0)
    for place, counter in enumerate(counters):
        pairing.part(counter, start + place)
        pairing.exposed(counter + 100, start + place + late)
    return pairing


@pytest.fixture
def learned() -> Pairing:
    pairing = taught(1, 2, 3, start=7.0)
    assert pairing.number(3, 9.4) == 103
    for times in (pairing._parts, pairing._exposures):  # so that part n comes at second n from here on
        for key in times:
            times[key] -= 6.0
    return pairing


def test_an_offset_is_learned_after_a_pause_from_three_images_that_agree():
    pairing = taught(1, 2, 3)
    assert pairing.number(3, 12.1) is None, "the window of the third part is open"
    assert pairing.number(3, 12.4) == 103


def test_images_that_all_come_a_takt_late_teach_nothing():
    assert taught(1, 2, 3, 4, 5, late=1.1).number(5, 20.0) is None


def test_nothing_is_learned_without_a_pause():
    pairing = taught(1, 2, 3, 4, 5, start=1.0)
    assert pairing.number(5, 9.0) is None


def test_an_image_that_comes_in_the_pause_spoils_it():
    pairing = Pairing(0.3, settle=2.0)
    pairing.exposed(100, 9.0)
    for counter in (1, 2, 3):
        pairing.part(counter, 9.0 + counter)
        pairing.exposed(counter + 100, 9.1 + counter)
    assert pairing.number(3, 20.0) is None


def test_two_exposures_at_one_part_teach_nothing():
    pairing = Pairing(0.3, settle=2.0)
    for counter in (1, 2, 3):
        pairing.part(counter, 9.0 + counter)
        pairing.exposed(2 * counter, 9.1 + counter)
        pairing.exposed(2 * counter + 1, 9.2 + counter)
    assert pairing.number(3, 20.0) is None


def test_images_are_found_in_whatever_order_they_come(learned):
    learned.part(4, 4.0)
    learned.part(5, 5.0)
    learned.exposed(105, 5.1)
    assert learned.number(5, 5.1) == 105
    assert learned.number(4, 5.1) is None
    learned.exposed(105, 9.0)  # a double is no news
    assert learned.number(5, 9.0) == 105


def test_a_missed_trigger_shifts_the_count_and_no_part_gets_the_next_ones_image(learned):
    learned.part(4, 4.0)  # the camera missed it
    learned.part(5, 5.0)
    learned.exposed(104, 5.1)
    with pytest.raises(Disagreement, match=r"exposure 104 came \+1\.10 s after part 4"):
        learned.number(4, 5.2)
    assert learned.number(5, 5.2) is None
    for counter, at in ((6, 8.0), (7, 9.0), (8, 10.0)):
        learned.part(counter, at)
        learned.exposed(counter + 99, at + 0.1)
    assert learned.number(8, 10.4) == 107


def test_a_doubled_trigger_shifts_the_count_the_other_way(learned):
    learned.part(4, 4.0)
    learned.exposed(104, 4.1)
    learned.exposed(105, 4.2)
    assert learned.number(4, 4.2) == 104
    learned.part(5, 5.0)
    with pytest.raises(Disagreement, match=r"-0\.80 s"):
        learned.number(5, 5.0)


def test_a_given_offset_stays():
    pairing = Pairing(0.3, 0)
    pairing.part(1, 1.0)
    pairing.exposed(1, 5.0)
    with pytest.raises(Disagreement):
        pairing.number(1, 5.0)
    pairing.part(2, 6.0)
    pairing.exposed(2, 6.1)
    assert pairing.number(2, 6.1) == 2
