"""What a camera gives becomes the JPEG that travels, or an error that names its origin."""

import struct
import zlib
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from jidoka.vision_gateway.cameras.camera import CameraError, Shot
from jidoka.vision_gateway.developing import develop
from jidoka.vision_gateway.line import Processing


def shot(image) -> Shot:
    return Shot(image, datetime.now(UTC), "drop/board.jpg")


def encoded(suffix: str, image: np.ndarray) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def pixels(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_a_jpeg_passes_through_as_it_is(jpeg, picture):
    data = jpeg(picture(1), 60)
    done = develop(shot(data), Processing())
    assert done.jpeg == data
    assert (done.width, done.height, done.small.shape) == (320, 240, (240, 320, 3))


def test_a_large_jpeg_has_a_small_copy_of_a_fraction(jpeg, picture):
    done = develop(shot(jpeg(picture(1, 1280, 1024))), Processing())
    assert (done.width, done.height, done.small.shape) == (1280, 1024, (512, 640, 3))


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
@pytest.mark.parametrize("grey", [False, True])
def test_png_and_bmp_become_jpeg(picture, suffix, grey):
    image = picture(2)[..., 0] if grey else picture(2)
    done = develop(shot(encoded(suffix, image)), Processing())
    assert (done.width, done.height) == (320, 240)
    assert done.jpeg == cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def test_sixteen_bits_become_eight(picture):
    image = picture(3)[..., 0].astype(np.uint16) << 8
    for given in (image, encoded(".png", image)):
        done = develop(shot(given), Processing())
        assert np.abs(pixels(done.jpeg)[..., 0].astype(int) - picture(3)[..., 0]).mean() < 6


def test_crop_and_turn(jpeg):
    image = np.zeros((100, 200, 3), np.uint8)
    image[10:50, 20:120] = (255, 255, 255)
    image[10:20, 20:30] = (0, 0, 255)
    for given in (jpeg(image), image):
        done = develop(shot(given), Processing(crop=(20, 10, 100, 40), rotate=90))
        assert (done.width, done.height) == (40, 100)
        seen = pixels(done.jpeg)
        assert seen[2, 37][2] > 200 > seen[2, 37][0]  # the red corner went from top left to top right
        assert seen[90, 5].min() > 200


def test_a_crop_outside_is_an_error(jpeg, picture):
    with pytest.raises(CameraError, match="crop lies outside"):
        develop(shot(jpeg(picture())), Processing(crop=(5000, 0, 10, 10)))


def test_an_image_with_exif_is_written_anew_so_that_boxes_fit_what_people_see(jpeg, picture):
    plain = jpeg(picture(1))
    exif = (
        b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
    )
    turned = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]
    done = develop(shot(turned), Processing())
    assert b"Exif" not in done.jpeg
    assert pixels(done.jpeg).shape[:2] == (done.height, done.width) == (240, 320)


def bomb_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def claiming(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda good: b"", "no bytes"),
        (lambda good: b"%PDF-1.4" * 20, "no JPEG, PNG or BMP"),
        (lambda good: good[: len(good) // 2], "truncated JPEG"),
        (lambda good: good[:200] + b"\xff\xd9", "decoded|frame header"),
        (lambda good: claiming(good, 30_000, 30_000), "claims 30000 x 30000"),
        (lambda good: claiming(good, 0, 5), "0 x 5"),
        (lambda good: bomb_png(), "claims 30000 x 30000"),
        (lambda good: encoded(".bmp", np.zeros((50, 50, 3), np.uint8))[:-9], "truncated BMP"),
        (lambda good: encoded(".png", np.zeros((50, 50, 3), np.uint8))[:-20], "truncated PNG"),
    ],
)
def test_what_is_no_usable_image_names_its_origin(jpeg, picture, make, says):
    with pytest.raises(CameraError, match=says) as error:
        develop(shot(make(jpeg(picture()))), Processing())
    assert error.value.code == "unreadable"
    assert str(error.value).startswith("drop/board.jpg: ")
