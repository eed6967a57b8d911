"""Files and folders that are whole or not there, whatever ends the program that writes them.

A temporary one is written beside the target, brought to the disk, and put in its place by one call of the
system. What a killed writer leaves behind is known by its name and by a lock that nobody holds any more; the
next writer of the same target sweeps it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if sys.platform != "win32":  # there are no locks of this kind there: strays stay
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["new_folder", "sweep", "write_file"]

NAME_KEPT = 60
"""Letters of a target's name in that of its temporary one, so that it fits where the name fits."""
MARK = ".narrows-"
"""What the name of every temporary one holds."""
LOCK, NEW = "lock", "new"
"""In a temporary folder: what its writer holds, and what it writes."""
TRIES = 10
HERE, SWAP_LINUX, SWAP_DARWIN = -100, 2, 2
"""AT_FDCWD, RENAME_EXCHANGE and RENAME_SWAP of the systems that swap two names in one step."""


def write_file(target: Path, data: bytes) -> None:
    """Write a file through a temporary one beside it: whole, or not at all.

    Parameters
    ----------
    target
        Where to; its folder exists.
    data
        All that is in it.

    Raises
    ------
    OSError
        If it cannot be written; what stood there before still stands.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(Path(folder, "a"), b"whole")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a']
    """
    sweep(target)
    number, name = _locked_file(target)
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a new folder to fill, which takes the place of the target when the block ends well.

    Parameters
    ----------
    target
        The folder to put in place; its parent exists. What stands there is replaced in one step where the
        system can swap two names (Linux, macOS); elsewhere it is away for the time between two renames.

    Yields
    ------
    Path
        The folder to fill.

    Raises
    ------
    OSError
        If it cannot be written or put in place; what stood there before still stands.
    """
    _bring_back(target)
    sweep(target)
    number, home = _locked_folder(target)
    try:
        fresh = home / NEW
        fresh.mkdir()
        yield fresh
        _to_disk(fresh)
        _put(fresh, target, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
        os.close(number)


def sweep(target: Path) -> int:
    """Remove what killed writers of a target left behind, and nothing that one still writes.

    Parameters
    ----------
    target
        The file or folder that they wrote.

    Returns
    -------
    int
        How many were removed.
    """
    if sys.platform == "win32":
        return 0
    removed = 0
    for stray in _strays(target):
        with contextlib.suppress(OSError):
            if stray.is_dir() and not stray.is_symlink():
                _remove_folder(stray)
            else:
                number = _taken(stray)
                stray.unlink()
                os.close(number)
            removed += 1
    return removed


def _remove_folder(stray: Path) -> None:
    """Remove a temporary folder that nobody writes."""
    held = {path.name for path in stray.iterdir()}
    if not held:
        stray.rmdir()  # killed before its lock; a live writer that meets this begins again
    elif LOCK not in held:
        shutil.rmtree(stray)  # killed while it was removed: the lock is there before all else
    else:
        number = _taken(stray / LOCK)
        shutil.rmtree(stray)
        os.close(number)


def _taken(lock: Path) -> int:
    """Lock a file that somebody may hold, and return its number.

    Raises
    ------
    OSError
        If somebody does, or it is gone.
    """
    number = os.open(lock, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        if sys.platform != "win32":
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        raise
    return number


def _strays(target: Path) -> list[Path]:
    stem = _stem(target)
    try:
        with os.scandir(target.parent) as entries:
            return [Path(entry.path) for entry in entries if entry.name.startswith(stem)]
    except OSError:
        return []


def _stem(target: Path) -> str:
    return f".{target.name[:NAME_KEPT]}{MARK}"


def _locked_file(target: Path) -> tuple[int, str]:
    """Return a new temporary file that is locked and still there."""
    for _ in range(TRIES):
        number, name = tempfile.mkstemp(prefix=_stem(target), dir=target.parent)
        if _held(number, Path(name)):
            return number, name
        os.close(number)
    raise OSError(11, "Other writers of the same file are in the way")


def _locked_folder(target: Path) -> tuple[int, Path]:
    """Return a new temporary folder whose lock is held and still there."""
    for _ in range(TRIES):
        home = Path(tempfile.mkdtemp(prefix=_stem(target), dir=target.parent))
        try:
            number = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # swept before its lock was there
            continue
        except OSError:
            home.rmdir()
            raise
        if _held(number, home / LOCK):
            return number, home
        os.close(number)
    raise OSError(11, "Other writers of the same folder are in the way")


def _held(number: int, path: Path) -> bool:
    """Lock what was just made; False where another has swept it meanwhile."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(number).st_ino == path.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def _to_disk(folder: Path) -> None:
    """Bring a folder with all that is in it to the disk."""
    for home, _, names in os.walk(folder):
        for path in (*(Path(home, name) for name in names), Path(home)):
            number = os.open(path, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)


def _put(fresh: Path, target: Path, home: Path) -> None:
    if not target.exists():
        fresh.rename(target)
    elif not _swapped(fresh, target):
        old = home / "old"
        target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            old.rename(target)
            raise


def _bring_back(target: Path) -> None:
    """Put back what a killed writer had moved away on a system that cannot swap."""
    if not target.exists():
        for stray in _strays(target):
            with contextlib.suppress(OSError):
                (stray / "old").rename(target)
                return


def _swapped(one: Path, other: Path) -> bool:
    """Swap two names in one step; False where the system cannot."""
    names = os.fsencode(one), os.fsencode(other)
    library = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):  # pragma: no cover - not this system
        return bool(library.renamex_np(*names, SWAP_DARWIN) == 0)  # type: ignore[union-attr]
    if library is None or not hasattr(library, "renameat2"):  # pragma: no cover - old systems
        return False
    return bool(library.renameat2(HERE, names[0], HERE, names[1], SWAP_LINUX) == 0)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
