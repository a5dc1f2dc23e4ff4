"""Where a result is to be written, looked at before the run that it comes of."""

import os
from pathlib import Path

from wildbot.model.errors import ConfigurationError


def check_file(option: str, path: Path | None) -> None:
    """Raises: ConfigurationError unless a file can be written there, as far as that can be told; None is no file."""
    if path is None:
        return
    if path.is_dir():
        raise _cannot(option, path, "it is a folder")
    if not path.parent.is_dir():
        raise _cannot(option, path, f"there is no folder {str(path.parent)!r}")
    _check_ours(option, path, path if path.exists() else path.parent)


def check_folder(option: str, path: Path | None) -> None:
    """Raises: ConfigurationError unless files can be written into that folder, which is made where it is not there."""
    if path is None:
        return
    nearest = next(each for each in (path, *path.parents) if each.exists())
    if not nearest.is_dir():
        raise _cannot(option, path, f"{str(nearest)!r} is no folder")
    _check_ours(option, path, nearest)


def _check_ours(option: str, path: Path, place: Path) -> None:
    if not os.access(place, os.W_OK):
        raise _cannot(option, path, f"{str(place)!r} may not be written")


def _cannot(option: str, path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"{option} {str(path)!r} cannot be written: {why}")
