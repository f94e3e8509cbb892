"""SQLite's own calls of the system: counted, so that a test can end the process in any of them."""

import _sqlite3
import ctypes
import os
import signal

CALLS = ("write", "pwrite", "pwrite64", "ftruncate", "unlink", "fallocate")
_FIELDS = "DlOpen DlError DlSym DlClose Randomness Sleep CurrentTime GetLastError CurrentTimeInt64"
_held = []
"""What SQLite calls must not be collected."""

_set = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
_words = {
    "write": (ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t),
    "ftruncate": (ctypes.c_int, ctypes.c_int, ctypes.c_int64),
    "unlink": (ctypes.c_int, ctypes.c_char_p),
    "fallocate": (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64),
    "pwrite": (
        *(ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p),
        *(ctypes.c_size_t, ctypes.c_int64),
    ),
}
_words["pwrite64"] = _words["pwrite"]


class Vfs(ctypes.Structure):
    """The head of SQLite's ``sqlite3_vfs``, version 3."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        *((f"x{name}", ctypes.c_void_p) for name in ("Open", "Delete", "Access", "FullPathname")),
        *((f"x{name}", ctypes.c_void_p) for name in _FIELDS.split()),
        ("xSetSystemCall", _set),
        ("xGetSystemCall", _get),
    ]


def default_vfs():
    """The part of SQLite that talks to the system; None if Python does not let us have it."""
    try:
        find = ctypes.CDLL(_sqlite3.__file__).sqlite3_vfs_find
    except (AttributeError, OSError):
        return None
    find.restype, find.argtypes = ctypes.POINTER(Vfs), [ctypes.c_char_p]
    vfs = find(None)
    return vfs if vfs and vfs.contents.iVersion >= 3 and vfs.contents.zName == b"unix" else None


def watch(before):
    """Call ``before(name, half)`` before each call that changes the disk.

    ``half`` does the first half of it, if it writes.
    """
    vfs = default_vfs()
    for name in CALLS:
        address = vfs.contents.xGetSystemCall(vfs, name.encode())
        if address:
            call = ctypes.CFUNCTYPE(*_words[name], use_errno=True)
            ours = call(_watched(name, call(address), before))
            _held.append(ours)
            vfs.contents.xSetSystemCall(vfs, name.encode(), ctypes.cast(ours, ctypes.c_void_p))


def _watched(name, real, before):
    def half(*words):
        if "write" in name:
            real(*words[:2], words[2] // 2, *words[3:])

    def watched(*words):
        before(name, lambda: half(*words))
        return real(*words)

    return watched


def die():
    os.kill(os.getpid(), signal.SIGKILL)
