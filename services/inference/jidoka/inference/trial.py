"""Loads a model in a process of its own, limited in memory and time: a file of 104 bytes can ask for 3.6 GiB.

`python -m jidoka.inference.trial MODEL` prints what the model is, or one sentence on why it is refused (exit 1).
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path

from jidoka.inference.errors import ModelRefused
from jidoka.inference.model import Machine, Model
from jidoka.inference.selftest import prove


def try_out(path: Path, machine: Machine, memory_mb: int, seconds: float) -> None:
    """Load, recognise, warm up and self-test a model in another process. Raises ModelRefused."""
    command = [
        sys.executable, "-m", "jidoka.inference.trial", str(path),
        "--provider", machine.provider, "--threads", str(machine.threads), "--memory-mb", str(memory_mb),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelRefused(f"{path.name} was not ready within {seconds:g} s") from error
    if done.returncode == 1 and done.stderr.strip():
        raise ModelRefused(done.stderr.strip().splitlines()[-1][:400])
    if done.returncode:
        raise ModelRefused(f"{path.name} ended its trial process with {done.returncode}, with {memory_mb} MB to use")


def main() -> None:
    """The trial process."""
    parser = argparse.ArgumentParser(prog="python -m jidoka.inference.trial", description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--provider", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--memory-mb", type=int, default=4096)
    given = parser.parse_args()
    limit = given.memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        model = Model.load(given.model, Machine(given.provider, given.threads))
        prove(model, given.model)
    except ModelRefused as error:
        sys.exit(str(error))
    except MemoryError:
        sys.exit(f"{given.model.name} needs more than {given.memory_mb} MB")
    recipe = model.recipe
    sys.stdout.write(
        f"{model.ref.name} {model.ref.version}: {recipe.layout}, {recipe.form.width} x {recipe.form.height}, "
        f"{model.provider}, classes {', '.join(recipe.names) or 'without names'}\nsha256 {model.ref.sha256}\n"
    )


if __name__ == "__main__":
    main()
