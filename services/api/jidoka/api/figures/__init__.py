"""Figures of production by ISO 22400-2: spans of the plant's calendar, sums, ratios."""
