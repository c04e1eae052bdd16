"""Two threads make the JPEG that one would, and the figures that one would."""

import itertools
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from jidoka.vision_gateway.bench import Bench
from jidoka.vision_gateway.cameras.camera import Shot
from jidoka.vision_gateway.developing import develop
from jidoka.vision_gateway.health import measure
from jidoka.vision_gateway.line import Processing
from jidoka.vision_gateway.strips import border, join


@pytest.fixture
def bench():
    made = Bench(("AOI1", "top"))
    yield made
    made.close()


def seen(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("quality", [50, 85, 100])
@pytest.mark.parametrize(("width", "height"), [(1280, 1024), (1283, 1027), (640, 512), (64, 48), (400, 511)])
@pytest.mark.parametrize("grey", [False, True])
def test_the_joined_image_is_the_one_that_a_single_encoder_makes(bench, picture, width, height, quality, grey):
    image = cv2.resize(picture(1, 640, 480), (width, height))
    noise = np.random.default_rng(1).integers(0, 9, image.shape, dtype=np.uint8)
    image = cv2.add(image, noise)[..., 0] if grey else cv2.add(image, noise)
    shot, how = Shot(np.ascontiguousarray(image), datetime.now(UTC), "x"), Processing(jpeg_quality=quality)
    made, figures = bench.develop(shot, how)
    plain = develop(shot, how)
    assert np.array_equal(seen(made.jpeg), seen(plain.jpeg))
    assert (made.width, made.height, made.sha256) == (width, height, type(made)(made.jpeg, 0, 0, image).sha256)
    assert figures == measure(plain.small)
    assert (b"\xff\xdd\x00\x04" in made.jpeg) == (border(height) is not None)


def test_a_jpeg_passes_on_with_the_same_figures(bench, jpeg, picture):
    shot = Shot(jpeg(picture(1, 1280, 1024)), datetime.now(UTC), "x")
    made, figures = bench.develop(shot, Processing())
    plain = develop(shot, Processing())
    assert (made.jpeg, made.sha256) == (shot.image, plain.sha256)
    assert figures == measure(plain.small)


def test_what_does_not_fit_together_is_not_joined(jpeg, picture):
    image = picture(1, 640, 640)
    upper, lower = image[:448], image[448:]
    whole = [jpeg(strip) for strip in (upper, lower)]
    assert join(*whole, 448, 640) is not None
    others = [jpeg(lower, 50), jpeg(lower[..., 0]), jpeg(lower[:, :600]), b"", whole[1][:-2], b"\xff\xd8\xff\xda"]
    assert [join(whole[0], other, 448, 640) for other in others] == [None] * len(others)
    assert join(*whole, 440, 640) is None, "not a whole row of blocks"
    assert all(join(a, b, 448, 640) is None for a, b in itertools.product(whole, [b"\xff\xd8"]))
