"""What can go wrong, in words for whoever reads the log."""


class BackupError(Exception):
    """No dump, or none that can be trusted."""
