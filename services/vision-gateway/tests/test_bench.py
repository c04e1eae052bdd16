"""Whatever way an image is developed, its figures are those of its small copy."""

from contextlib import closing
from datetime import UTC, datetime

import cv2
import pytest

from jidoka.vision_gateway.bench import Bench
from jidoka.vision_gateway.cameras.camera import CameraError, Shot
from jidoka.vision_gateway.health import measure
from jidoka.vision_gateway.line import Processing


@pytest.fixture
def bench():
    with closing(Bench(("AOI1", "top"))) as one:
        yield one


@pytest.mark.parametrize("size", [(640, 480), (1280, 1024)])
@pytest.mark.parametrize("as_jpeg", [False, True])
def test_the_figures_are_those_of_the_small_copy(bench, picture, size, as_jpeg):
    image = cv2.GaussianBlur(picture(5, *size), (0, 0), 0.8)
    given = cv2.imencode(".jpg", image)[1].tobytes() if as_jpeg else image
    developed, figures = bench.develop(Shot(given, datetime.now(UTC), "test"), Processing())
    expected = measure(developed.small)
    assert figures.focus == pytest.approx(expected.focus, rel=0.02)
    assert figures.brightness == pytest.approx(expected.brightness, abs=0.5)
    assert (figures.low, figures.high) == pytest.approx((expected.low, expected.high), abs=1)
    assert (figures.colour, figures.tint) == (expected.colour, expected.tint)
    assert figures.texture == pytest.approx(expected.texture, abs=0.3)


def test_a_jpeg_that_cannot_be_decoded_is_an_error_and_the_next_one_is_not(bench, jpeg, picture):
    good = jpeg(picture(1))
    with pytest.raises(CameraError, match=r"drop/board\.jpg"):
        bench.develop(Shot(good[:300] + good[-2:], datetime.now(UTC), "drop/board.jpg"), Processing())
    assert bench.develop(Shot(good, datetime.now(UTC), "test"), Processing())[0].jpeg == good
