"""Finds defects: frames in, inspections and evidence out."""

import os

__version__ = "0.1.0"
MOST_PIXELS = 50_000_000

# OpenCV reads this when it is first imported: a JPEG of 631 bytes may claim 30,000 x 30,000 pixels.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MOST_PIXELS))
