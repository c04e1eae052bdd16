"""Copies of the dumps elsewhere: rclone puts them into any S3-compatible store, or whatever else it knows."""

import subprocess
from pathlib import Path

from errors import BackupError


def upload(dump: Path, remote: str, keep_days: int) -> None:
    """A dump and its note to `remote`, compared there; what is older than `keep_days` goes from it. Raises BackupError.

    `remote` is rclone's, such as `backup:bucket/folder`; RCLONE_CONFIG_BACKUP_* in the environment say where and who.
    """
    files = ("--include", f"{dump.stem}.*", str(dump.parent), remote)
    _rclone("copy", "--immutable", *files)
    _rclone("check", "--one-way", *files)
    _rclone("delete", "--min-age", f"{keep_days}d", "--include", "jidoka-*", remote)


def _rclone(*arguments: str) -> None:
    command = ("rclone", "--retries", "3", "--low-level-retries", "5", "--contimeout", "20s", *arguments)
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise BackupError("BACKUP_REMOTE is set and rclone is not installed") from error
    if done.returncode:
        raise BackupError(f"rclone {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-800:]}")
