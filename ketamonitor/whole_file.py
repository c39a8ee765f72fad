"""Writes a file in one step: the old one stands there or the whole new one, never half of it."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, replace: bool = True, mode: int = 0o600) -> None:
    """Put ``content`` at ``path``, with that ``mode``, on the disk when this returns.

    Only a regular file is ever replaced, and none without ``replace`` (:class:`FileExistsError`,
    also where the file comes into being meanwhile). Raises :class:`OSError`; its ``strerror`` can
    be shown. Nothing of a failed attempt is left behind.
    """
    refuse_special(path)
    # The temporary file lies in the same folder: a rename over a file system border is a copy.
    handle, name = tempfile.mkstemp(prefix=".ketamonitor-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        if replace:
            os.replace(name, path)
        else:
            _link(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _keep_name(path.parent)


def refuse_special(path: Path) -> None:
    """Raises :class:`OSError` where something stands at ``path`` that is no regular file."""
    if path.is_symlink():
        raise OSError(errno.EINVAL, "it is a link: name the file itself", str(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))


def _link(name: str, path: Path) -> None:
    """``name`` becomes ``path``, which must not be there yet."""
    try:
        os.link(name, path)
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, "it exists already", str(path)) from None
    except OSError:
        # A file system without hard links (a memory stick): the look before is all there is.
        if path.exists():
            raise FileExistsError(errno.EEXIST, "it exists already", str(path)) from None
        os.replace(name, path)
        return
    os.unlink(name)


def _keep_name(folder: Path) -> None:
    """The new name in its folder is on the disk too."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a folder that cannot be synced
            raise
    finally:
        os.close(handle)
