"""Reads the PLCs, takes their parts, and tells them what to do with each."""
