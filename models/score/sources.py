"""The two test sets: drawn boards that training never saw, and the DeepPCB test images."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from jidoka.simulator.boards import KINDS, Appearance, draw, golden


@dataclass(frozen=True, eq=False)
class Example:
    """An image, the golden board it is to be like, and its truth (M, 5): x1, y1, x2, y2 in pixels and class."""

    image: NDArray[np.uint8]
    golden: NDArray[np.uint8]
    truth: NDArray[np.float32]


def drawn_boards(appearance: Appearance, count: int, seed: int, good: bool, quality: int = 85) -> Iterator[Example]:
    """Yield boards as a line would show them, every one of its own layout, through a JPEG of the line's quality.

    Good boards have no defect, the others one to three.
    """
    for index in range(count):
        rng = np.random.default_rng([seed, index, good])
        kinds = [] if good else list(rng.choice(KINDS, int(rng.integers(1, 4))))
        sku = f"score-{seed}-{good}-{index}"
        board = draw(index, sku, kinds, appearance)
        _, jpeg = cv2.imencode(".jpg", board.image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        rows = [(*truth.box, KINDS.index(truth.kind)) for truth in board.truth]
        image = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_UNCHANGED), np.uint8)
        yield Example(image, golden(sku, appearance), np.array(rows, np.float32).reshape(-1, 5))


def deeppcb(place: Path, split: str) -> Iterator[Example]:
    """Yield the images of `split` from a folder or tar in DeepPCB's layout: "test", or "trainval" or a part of it.

    The parts are "train" and "held-out", which is every tenth image.

    Its types 1 to 6 are the classes of the shipped model in another order. Raises FileNotFoundError when the listing
    is not there.
    """
    read = _from_tar(place) if place.is_file() else _from_folder(place)
    lines = [line for line in read["test.txt" if split == "test" else "trainval.txt"].decode().splitlines() if line]
    if split in ("train", "held-out"):
        lines = [line for number, line in enumerate(lines) if (number % 10 == 5) == (split == "held-out")]
    for line in lines:
        image, annotation = line.split()
        pixels, template = (
            np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
            for data in (read[image.replace(".jpg", "_test.jpg")], read[image.replace(".jpg", "_temp.jpg")])
        )
        rows = np.array([row.split() for row in read[annotation].decode().splitlines()], np.float32).reshape(-1, 5)
        rows[:, 4] = np.array(_CLASS_OF_TYPE)[rows[:, 4].astype(int) - 1]
        yield Example(pixels, template, rows)


_CLASS_OF_TYPE = [KINDS.index(kind) for kind in ("open", "short", "mousebite", "spur", "spurious_copper", "pinhole")]


class _from_folder(dict[str, bytes]):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        listing = next(iter(sorted(folder.rglob("test.txt"))), None)
        if listing is None:
            raise FileNotFoundError(f"no test.txt of DeepPCB under {folder}")
        self._root = listing.parent

    def __missing__(self, name: str) -> bytes:
        return (self._root / name).read_bytes()


def _from_tar(file: Path) -> dict[str, bytes]:
    """Read a whole tar; names are relative to the folder of test.txt."""
    with tarfile.open(file) as tar:
        entries = {entry.name: stream.read() for entry in tar if (stream := tar.extractfile(entry))}
    listing = next((name for name in entries if name.rsplit("/", 1)[-1] == "test.txt"), None)
    if listing is None:
        raise FileNotFoundError(f"no test.txt of DeepPCB in {file}")
    root = listing.removesuffix("test.txt")
    return {name.removeprefix(root): data for name, data in entries.items()}
