"""The historian: writes the line's record into PostgreSQL, each fact once, and says when it is there."""

VERSION = "0.1.0"
