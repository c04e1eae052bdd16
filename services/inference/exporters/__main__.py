"""`python -m exporters [NAME ...]`: exports, decodes both ways, prints a row for each file; 1 when one differs.

Run it in `services/inference` with what `exporters/requirements.txt` names installed. A family whose packages are
missing is named and counts as a failure.
"""

import argparse
import contextlib
import importlib
import sys
import tempfile
from pathlib import Path

from exporters.compare import compare

FAMILIES = ("ultralytics", "yolov5", "yolox", "torchvision", "dfine", "huggingface", "rfdetr")
MODULES = {"yolov5": "yolov5_model", "dfine": "dfine_model", "rfdetr": "rfdetr_model"}


def main() -> int:
    """How many files differ or could not be made."""
    parser = argparse.ArgumentParser(prog="python -m exporters", description=__doc__)
    parser.add_argument("family", nargs="*", choices=(*FAMILIES, []), default=FAMILIES)
    parser.add_argument("--keep", type=Path, help="folder for the exported files; else they are deleted")
    given = parser.parse_args()
    bad = 0
    print("| exported file | layout | boxes theirs / ours | lowest IoU | largest score difference |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        # Some exporters write into the current folder whatever they are told.
        with contextlib.chdir(place):
            for family in given.family:
                bad += _family(family, Path.cwd())
    return bad


def _family(family: str, folder: Path) -> int:
    bad = 0
    try:
        module = importlib.import_module(f"exporters.{MODULES.get(family, f'{family}_models')}")
    except ImportError as error:
        print(f"| {family} | not installed: {error} | | | |", flush=True)
        return 1
    for case in module.cases(folder):
        outcome, layout = compare(case)
        good = outcome.good and layout == case.layout
        bad += not good
        counts = f"{outcome.theirs} / {outcome.ours}"
        values = f"{outcome.overlap:.5f} | {outcome.apart:.1e}"
        print(f"| {case.name} | {layout} | {counts} | {values} |{'' if good else ' DIFFERS'}", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(min(main(), 1))
