"""Write the golden boards of products as PNG files: `python -m jidoka.simulator.boards --out models/golden BOARD-A`."""

import argparse
from pathlib import Path

import cv2

from jidoka.simulator.boards import Appearance, golden


def main() -> None:
    """Read the command line, draw, write one file for each product."""
    parser = argparse.ArgumentParser(prog="jidoka.simulator.boards", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for <sku>.png")
    parser.add_argument("--appearance", type=Appearance, choices=list(Appearance), default=Appearance.LINESCAN)
    parser.add_argument("sku", nargs="+")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for sku in arguments.sku:
        file = arguments.out / f"{sku}.png"
        _, png = cv2.imencode(".png", golden(sku, arguments.appearance), [cv2.IMWRITE_PNG_COMPRESSION, 9])
        file.write_bytes(png.tobytes())


if __name__ == "__main__":
    main()
