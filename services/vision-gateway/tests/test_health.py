"""Sick images are told from healthy ones."""

import cv2
import numpy as np
import pytest

from jidoka.vision_gateway.developing import Picture
from jidoka.vision_gateway.health import diagnose, measure
from jidoka.vision_gateway.judge import HealthJudge
from jidoka.vision_gateway.line import HealthLimits


@pytest.fixture
def board(picture):
    return cv2.GaussianBlur(picture(5, 640, 480), (0, 0), 0.8)


@pytest.fixture
def limits(board):
    figures = measure(board)
    return HealthLimits(
        focus_min=figures.focus * 0.6,
        brightness=(figures.brightness * 0.75, figures.brightness * 1.25),
        colour=figures.colour,
        texture=list(figures.texture),
    )


def test_a_healthy_image_is_healthy(board, limits, picture):
    assert diagnose(measure(board), limits) == []
    noise = np.random.default_rng(1).normal(0, 3, board.shape)
    assert diagnose(measure(np.clip(board + noise, 0, 255).astype(np.uint8)), limits) == []


def half_covered(image: np.ndarray) -> np.ndarray:
    covered = image.copy()
    covered[:, : image.shape[1] // 2] = (60, 60, 60)
    return covered


def torn(image: np.ndarray) -> np.ndarray:
    broken = image.copy()
    broken[image.shape[0] // 2 :] = 128
    return broken


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda image: cv2.GaussianBlur(image, (0, 0), 3), "blurred"),
        (lambda image: (image * 0.5).astype(np.uint8), "too dark"),
        (lambda image: cv2.add(image, (70, 70, 70, 0)), "too bright"),
        (lambda image: image * 0, "black"),
        (lambda image: image * 0 + 255, "overexposed"),
        (lambda image: image * 0 + 99, "without contrast"),
        (lambda image: np.clip(image * np.array([1.0, 1.0, 1.4]), 0, 255).astype(np.uint8), "colour shifted"),
        (half_covered, "occluded"),
        (torn, "occluded"),
    ],
)
def test_a_sick_image_is_named(board, limits, spoil, says):
    assert any(found.startswith(says) for found in diagnose(measure(spoil(board)), limits))


@pytest.mark.parametrize(("level", "says"), [(0, "black"), (255, "overexposed"), (99, "without contrast")])
def test_what_no_healthy_image_can_be_needs_no_limits(level, says):
    assert diagnose(measure(np.full((48, 64), level, np.uint8)), HealthLimits()) == [says]


def test_a_black_and_white_board_is_healthy_without_limits():
    board = np.zeros((640, 640), np.uint8)
    board[::20] = 255
    assert diagnose(measure(board), HealthLimits()) == []


def test_the_same_bytes_for_two_parts_are_a_frozen_camera(board):
    pictures = [Picture(data, data.hex(), 640, 480, board) for data in (b"a", b"a", b"b")]
    judge, figures = HealthJudge(HealthLimits()), measure(board)
    assert [bool(judge.sick(one, figures)) for one in pictures] == [False, True, False]
    judge = HealthJudge(HealthLimits(frozen=False))
    assert [bool(judge.sick(one, figures)) for one in pictures] == [False, False, False]
