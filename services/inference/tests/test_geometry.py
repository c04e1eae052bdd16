"""A box drawn on an image, taken to the model's input and back, is where it was."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jidoka.inference.form import Canvas, Form
from jidoka.inference.geometry import Fit, place

SIDES = st.integers(1, 3000)
INPUTS = st.integers(8, 1300)


@given(st.sampled_from(list(Fit)), SIDES, SIDES, INPUTS, INPUTS, st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_there_and_back(fit, width, height, input_width, input_height, shares):
    where = place(fit, width, height, input_width, input_height)
    left, right = sorted(share * width for share in shares[:2])
    top, bottom = sorted(share * height for share in shares[2:])
    boxes = np.array([[left, top, right, bottom]], np.float32)
    back = where.to_image(where.to_input(boxes))
    # A float32 holds 24 bits: the tolerance is what one rounding on the way costs, never a pixel.
    pixel = max(width / where.inner_width, height / where.inner_height)  # of the input, in pixels of the image
    np.testing.assert_allclose(back, boxes, atol=max(0.001, 0.001 * pixel))


@given(SIDES, SIDES, INPUTS, INPUTS)
def test_a_letterbox_touches_two_edges_and_is_centred(width, height, input_width, input_height):
    where = place(Fit.LETTERBOX, width, height, input_width, input_height)
    spare = (input_width - where.inner_width, input_height - where.inner_height)
    assert min(spare) == 0
    assert 0 <= where.left <= spare[0]
    assert spare[0] - 2 * where.left in (0, 1)
    assert spare[1] - 2 * where.top in (0, 1)


@given(SIDES, SIDES, INPUTS, INPUTS)
def test_boxes_never_leave_the_image(width, height, input_width, input_height):
    where = place(Fit.LETTERBOX, width, height, input_width, input_height)
    whole = where.to_image(np.array([[-50, -50, 5000, 5000]], np.float32))
    np.testing.assert_array_equal(whole, np.array([[0, 0, width, height]], np.float32))


def reference_letterbox(image: np.ndarray, side: int) -> np.ndarray:
    """The textbook way, kept apart from the code under test: resize, pad with 114, RGB, 0 to 1, channels first."""
    height, width = image.shape[:2]
    scale = min(side / width, side / height)
    size = (round(width * scale), round(height * scale))
    resized = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    left, top = round((side - size[0]) / 2 - 0.1), round((side - size[1]) / 2 - 0.1)
    padded = cv2.copyMakeBorder(
        resized, top, side - size[1] - top, left, side - size[0] - left, cv2.BORDER_CONSTANT, value=(114, 114, 114)
    )
    return padded[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255


def test_the_canvas_holds_what_the_textbook_gives_also_after_another_size():
    canvas = Canvas(Form("images", 96, 96))
    random = np.random.default_rng(1)
    for width, height in ((96, 96), (200, 100), (90, 131), (96, 96), (40, 30)):
        image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        canvas.fill(image)
        np.testing.assert_allclose(canvas.tensor, reference_letterbox(image, 96), atol=1e-6)


def test_a_grey_image_is_the_same_as_its_colour_copy():
    grey = np.random.default_rng(2).integers(0, 256, (50, 80), dtype=np.uint8)
    one, three = Canvas(Form("images", 64, 64)), Canvas(Form("images", 64, 64))
    one.fill(grey)
    three.fill(np.repeat(grey[..., None], 3, axis=2))
    np.testing.assert_allclose(one.tensor, three.tensor, atol=1e-6)


@pytest.mark.parametrize("last", [False, True])
def test_half_precision_bgr_and_channels_last(last):
    canvas = Canvas(Form("x", 32, 32, "float16", channels_last=last, fit=Fit.STRETCH, bgr=True, scale=(1, 1, 1)))
    image = np.zeros((32, 32, 3), np.uint8)
    image[..., 0] = 200
    canvas.fill(image)
    assert canvas.tensor.dtype == np.float16
    blue = canvas.tensor[0, ..., 0] if last else canvas.tensor[0, 0]
    assert (blue == 200).all()
    assert canvas.tensor.sum(dtype=np.float64) == 200 * 32 * 32


def test_mean_and_deviation_are_applied_to_image_and_padding():
    canvas = Canvas(Form("x", 32, 32, scale=(1 / 255 / 0.5,) * 3, shift=(-1.0,) * 3))
    canvas.fill(np.full((16, 32, 3), 255, np.uint8))
    assert canvas.tensor[0, 0, 16, 0] == pytest.approx(1.0, abs=1e-6)
    assert canvas.tensor[0, 0, 0, 0] == pytest.approx(114 / 255 / 0.5 - 1, abs=1e-6)
