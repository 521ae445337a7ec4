"""The one decorator for compiled functions, with a cache that cannot go stale.

Numba's file cache does not notice when a compiled callee in another file changes (numba issue 1833), so the
cache folder is named by a digest of every kernel source. It lies beside the sources, or, where that is not
writable, in the system's folder for temporary files. ``NUMBA_CACHE_DIR`` set by the user is respected.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

_HERE = Path(__file__).resolve().parent
_KERNEL_SOURCES = ("jit.py", "rng.py", "behaviour/*.py", "engine/*.py", "draws.py")
_GENERATIONS_KEPT = 3


def source_digest() -> str:
    """Digest of all kernel sources and of the compiler's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for pattern in _KERNEL_SOURCES:
        for path in sorted(_HERE.glob(pattern)):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Where compiled kernels of this version of the sources are kept."""
    name = f"kernels-{source_digest()}"
    for parent in (_HERE / "__pycache__", Path(tempfile.gettempdir()) / f"contactpolicy-{os.getuid()}"):
        try:
            folder = parent / name
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(folder, os.W_OK) and folder.stat().st_uid == os.getuid():
                _forget_old_generations(parent, folder)
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="contactpolicy-"))


def _forget_old_generations(parent: Path, current: Path) -> None:
    others = sorted(
        (path for path in parent.glob("kernels-*") if path != current), key=lambda path: path.stat().st_mtime
    )
    for path in others[: max(0, len(others) - _GENERATIONS_KEPT + 1)]:
        shutil.rmtree(path, ignore_errors=True)


def kernel(function: F) -> F:
    """Compile a function of arrays and scalars that allocates nothing.

    No fastmath: results must not depend on the machine's vector width. No reference counting: inside the daily
    loop, counting references to the arrays of a tuple costs ten times the work itself (measured), and a function
    that only reads and writes arrays of its caller's has no use for it. It releases the interpreter lock (blocks
    run on threads) and is cached on disk.
    """
    return _compile(function, _nrt=False, error_model="numpy")


def inner_kernel(function: F) -> F:
    """The same for a function that only kernels call: it gets no door for Python, which would take longer to compile
    than most of these functions do (it unpacks every array of the tuples handed over)."""
    return _compile(function, _nrt=False, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


def inlined(function: F) -> F:
    """A part of a kernel, pasted into its callers before compilation.

    Handing tuples of arrays to a compiled function costs more than most of these functions do (measured: the
    day is four times slower with calls). Keep them small, and keep their loops over channels and rules either
    contiguous or with an early exit: the compiler turns any other short loop into slow gathers.
    """
    options: dict[str, Any] = {"_nrt": False, "error_model": "numpy", "inline": "always"}
    compiled: F = numba.njit(**options)(function)
    return compiled


def optional_kernel(function: F) -> F:
    """An inner kernel for what few scenarios ask for: compiled where ``t.extras`` is there. Without it a call does
    nothing and returns 0. (None is another type of tables, so the callers are compiled anew for tables with extras;
    more than a third of that time goes into such parts.) The first argument is ``t``.
    """
    part = inner_kernel(function)
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return part

    def call(typing: Any, *given: Any) -> tuple[Any, Callable[..., Any]]:
        if isinstance(given[0].types[given[0].fields.index("extras")], types.NoneType):
            return types.int64(*given), lambda context, builder, signature, values: context.get_constant(types.int64, 0)
        kind = typing.resolve_value_type(part)
        found = typing.resolve_function_type(kind, given, {})

        def compiled(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return context.get_function(kind, found)(builder, values)

        return found, compiled

    # Numba reads the names of the arguments off the signature, and packs "*given" into a tuple otherwise
    named = inspect.signature(function).parameters.values()
    first = inspect.Parameter("typing", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    call.__signature__ = inspect.Signature([first, *named])  # type: ignore[attr-defined]
    call.__name__, call.__module__ = function.__name__, function.__module__
    return cast(F, intrinsic(call))


def allocating_kernel(function: F) -> F:
    """The same for a function that makes new arrays."""
    return _compile(function)


def _compile(function: F, **options: Any) -> F:
    configured = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    if not configured:
        # read at decoration time only; restored so that other people's functions are not affected
        numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]
    try:
        compiled: F = numba.njit(cache=True, nogil=True, **options)(function)
    finally:
        numba.config.CACHE_DIR = configured  # type: ignore[attr-defined]
    return compiled
