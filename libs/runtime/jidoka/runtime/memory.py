"""What the C library does with memory that large arrays give back."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_LARGEST_BLOCK = 32 * 2**20  # glibc takes no more
_KEPT_BYTES = 256 * 2**20


def keep_freed_memory() -> None:
    """Keeps what is freed for what is allocated next, as far as the C library lets itself be told.

    For services that make some arrays of megabytes for every frame: given back and asked for again each time, their
    pages are cleared by the kernel anew, which takes as long as it takes to decode a JPEG into them.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
