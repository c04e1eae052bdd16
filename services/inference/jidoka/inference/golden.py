"""Makes the golden image of a product out of good ones: they are laid over each other, and each pixel is the median.

`python -m jidoka.inference.golden good/ models/golden/BOARD-A.png` reads every JPEG and PNG of the folder `good`.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from jidoka.inference.form import Image
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.service import run

FEWEST, MOST = 3, 60
STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-5)
WORKING_SIDE = 640
"""Images are laid over each other at this size at most; what is found there holds for the whole image."""
MOST_MOVED, MOST_TURNED = 0.1, 10.0
"""Share of the longer side, and degrees: what has to be moved further is another thing, or lies the wrong way round."""
STRIP = 64
SUFFIXES = {".jpg", ".jpeg", ".png"}
Warp = npt.NDArray[np.float32]
Grey = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Aligned:
    """One image laid on another: how far it was moved, and how alike they are (1: the same)."""

    name: str
    image: Image
    dx: float
    dy: float
    degrees: float
    likeness: float


def golden_image(images: dict[str, Image], least: float) -> tuple[Image, list[Aligned], list[Aligned]]:
    """(median, images used, images left out because they are less than `least` alike). Raises ConfigError."""
    names = list(images)
    sizes = {image.shape for image in images.values()}
    if len(sizes) > 1:
        raise ConfigError(f"the images have different sizes or colours: {sorted(sizes)}")
    if not FEWEST <= len(names) <= MOST:
        raise ConfigError(f"{len(names)} images, where {FEWEST} to {MOST} are of use")
    middle = _middle(_alike(images, names[0], least)[0])
    used, left_out = _alike(images, middle, least)
    return _median([one.image for one in used]), used, left_out


def _alike(images: dict[str, Image], onto: str, least: float) -> tuple[list[Aligned], list[Aligned]]:
    aligned = [_align(name, image, images[onto]) for name, image in images.items()]
    used = [one for one in aligned if one.likeness >= least]
    if len(used) < max(FEWEST, len(images) / 2):
        raise ConfigError(f"only {len(used)} of {len(images)} images are at least {least} like {onto}")
    return used, [one for one in aligned if one.likeness < least]


def _middle(aligned: list[Aligned]) -> str:
    """The image that lies most in the middle of all places: parts to come lie around it."""
    places = np.array([(one.dx, one.dy) for one in aligned])
    return aligned[int(np.abs(places - np.median(places, axis=0)).sum(axis=1).argmin())].name


def main(arguments: list[str] | None = None) -> None:
    """Reads a folder, writes the golden image, says what became of each image."""
    parser = argparse.ArgumentParser(prog="python -m jidoka.inference.golden", description=__doc__.splitlines()[0])
    parser.add_argument("good", type=Path, help="folder of images of good parts, of one SKU, station and camera")
    parser.add_argument("out", type=Path, help="the PNG to write")
    parser.add_argument(
        "--likeness", type=float, default=0.9, help="images that are less alike are left out (1: the same)"
    )
    given = parser.parse_args(arguments)
    image, used, left_out = golden_image(_read(given.good), given.likeness)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    aside = given.out.with_suffix(".new.png")
    if not cv2.imwrite(str(aside), image):
        raise ConfigError(f"{given.out} cannot be written")
    aside.replace(given.out)
    for one in (*used, *left_out):
        moved = f"moved {one.dx:+.2f} {one.dy:+.2f} px, {one.degrees:+.3f} degrees, likeness {one.likeness:.3f}"
        sys.stdout.write(f"{one.name}: {moved}{', left out' if one in left_out else ''}\n")
    sys.stdout.write(f"{given.out}: {image.shape[1]} x {image.shape[0]}, of {len(used)} images\n")


def _align(name: str, image: Image, onto: Image) -> Aligned:
    """Shift and turn an image so that it lies on `onto`; pixels that come from outside it are its nearest edge."""
    scale = min(1.0, WORKING_SIDE / max(onto.shape[:2]))
    target, moving = _small(onto, scale), _small(image, scale)
    likeness, warp = max((_fit(target, moving, start) for start in _starts(target, moving)), key=lambda fit: fit[0])
    warp[:, 2] /= scale
    size = (onto.shape[1], onto.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(image, warp, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    degrees = float(np.degrees(np.arctan2(warp[1, 0], warp[0, 0])))
    dx, dy = float(warp[0, 2]), float(warp[1, 2])
    if max(abs(dx), abs(dy)) > MOST_MOVED * max(size) or abs(degrees) > MOST_TURNED:
        likeness = 0.0
    return Aligned(name, np.asarray(moved, np.uint8), dx, dy, degrees, likeness)


def _starts(target: Grey, moving: Grey) -> list[Warp]:
    """Where the search for the place begins: the shift by phase, which a mark on one image can mislead, and none."""
    (dx, dy), _ = cv2.phaseCorrelate(target, moving, cv2.createHanningWindow(target.shape[::-1], cv2.CV_32F))
    return [np.array([[1, 0, x], [0, 1, y]], np.float32) for x, y in ((dx, dy), (0, 0))]


def _fit(target: Grey, moving: Grey, start: Warp) -> tuple[float, Warp]:
    """(likeness, warp); no likeness where the search finds no end: two images have nothing in common."""
    try:
        likeness, warp = cv2.findTransformECC(target, moving, start.copy(), cv2.MOTION_EUCLIDEAN, STEPS)
    except cv2.error:
        return 0.0, start
    return float(likeness), np.asarray(warp, np.float32)


def _small(image: Image, scale: float) -> Grey:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.float32)


def _median(images: list[Image]) -> Image:
    """By strips: the whole stack as floats would take many times the images' own memory."""
    out = np.empty_like(images[0])
    for top in range(0, len(out), STRIP):
        out[top : top + STRIP] = np.median([image[top : top + STRIP] for image in images], axis=0).round()
    return out


def _read(folder: Path) -> dict[str, Image]:
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder")
    images: dict[str, Image] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES:
            image = cv2.imread(str(path), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION)
            if image is None:
                raise ConfigError(f"{path} cannot be decoded")
            images[path.name] = np.asarray(image, np.uint8)
    return images


if __name__ == "__main__":
    run(main)
