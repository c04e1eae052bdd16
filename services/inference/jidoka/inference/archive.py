"""Keeps the models that were in use, so that going back is one command.

`python -m jidoka.inference.archive models/pcb-defects.onnx` puts the model before the present one back in its place; a
running service takes it over like any other replaced file.
"""

import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path

from jidoka.inference.settings import InferenceSettings
from jidoka.runtime.errors import ConfigError
from jidoka.runtime.service import run
from jidoka.runtime.settings import load_settings

KEPT = 5


def keep(path: Path, folder: Path) -> None:
    """Copy a model that was taken into use, and its sidecar, to `folder`; the oldest go. Raises OSError."""
    place = folder / path.stem / _digest(path)
    place.mkdir(parents=True, exist_ok=True)
    for source in _files(path):
        shutil.copyfile(source, place / source.name)
    os.utime(place)
    for old in _kept(path, folder)[KEPT:]:
        shutil.rmtree(old)


def roll_back(path: Path, folder: Path) -> str:
    """Put the model that was in use before the present one in its place; its sha256. Raises ConfigError."""
    present = _digest(path) if path.exists() else ""
    order = _kept(path, folder)
    names = [place.name for place in order]
    behind = order[names.index(present) + 1 :] if present in names else order
    if not behind:
        raise ConfigError(f"no model before the present one is kept in {folder / path.stem}")
    path.with_suffix(".toml").unlink(missing_ok=True)
    for source in sorted(behind[0].iterdir(), key=lambda file: file.suffix == path.suffix):
        aside = path.parent / f".{source.name}.new"
        shutil.copyfile(source, aside)
        aside.replace(path.parent / source.name)
    return behind[0].name


def main(arguments: list[str] | None = None) -> None:
    """Roll back."""
    parser = argparse.ArgumentParser(prog="python -m jidoka.inference.archive", description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    given = parser.parse_args(arguments)
    settings = load_settings(InferenceSettings)
    sys.stdout.write(f"{given.model}: sha256 {roll_back(given.model, settings.archive)}\n")


def _kept(path: Path, folder: Path) -> list[Path]:
    """The kept versions of a model, the newest first."""
    place = folder / path.stem
    return sorted(place.iterdir(), key=lambda kept: kept.stat().st_mtime_ns, reverse=True) if place.is_dir() else []


def _files(path: Path) -> list[Path]:
    return [file for file in (path, path.with_suffix(".toml")) if file.exists()]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    run(main)
