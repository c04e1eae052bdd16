"""A line with no hardware: a Logix controller, a camera and the parts between them."""

__version__ = "0.1.0"
