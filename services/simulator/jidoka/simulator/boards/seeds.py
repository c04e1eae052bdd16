"""Random generators from names, so that a board is the same on every machine and in every run."""

import hashlib

import numpy as np


def generator(*names: str | int) -> np.random.Generator:
    """Return a generator that depends on `names` only."""
    digest = hashlib.sha256("/".join(str(name) for name in names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))
