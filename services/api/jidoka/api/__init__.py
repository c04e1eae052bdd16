"""The API: reads the line's record, fans out what happens, and turns people's actions into records."""

__version__ = "0.1.0"
