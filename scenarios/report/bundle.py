"""The charts' script: made once for each version of its makers, then kept on disk.

Bundling takes seconds in every process that writes a page. The kept file lies beside the sources, or where that is
not writable in the system's folder for temporary files, in a folder of one's own that nobody else can write to.
"""

from __future__ import annotations

import os
import stat
import tempfile
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent


@lru_cache(maxsize=1)
def chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script of about 0.9 MB, of the version altair writes for."""
    import altair

    major, minor = altair.SCHEMA_VERSION.split(".")[:2]
    name = f"charts-{major}.{minor}-{version('vl-convert-python')}.js"
    folder = _cache_folder()
    if folder is None:
        return _bundle(f"{major}_{minor}")
    kept = _read(folder / name)
    if kept is None:
        kept = _bundle(f"{major}_{minor}")
        _keep(folder, name, kept)
    return kept


def _bundle(vega_lite: str) -> str:
    import vl_convert

    convert: Any = vl_convert  # its stub demands a snippet that the function does not need
    bundle: str = convert.javascript_bundle(vl_version=vega_lite)
    return bundle.replace("\r\n", "\n").replace("\r", "\n").replace("</script", "<\\/script")


def _cache_folder() -> Path | None:
    """A folder that only this user can write to; None where there is none."""
    for folder in (_HERE / "__pycache__", Path(tempfile.gettempdir()) / f"contactpolicy-{os.getuid()}"):
        try:
            folder.mkdir(exist_ok=True, mode=0o700)
            facts = folder.lstat()
        except OSError:
            continue
        others = stat.S_IWGRP | stat.S_IWOTH
        ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & others
        if ours and os.access(folder, os.W_OK):
            return folder
    return None


def _read(file: Path) -> str | None:
    """The kept script, if there is one and it is ours."""
    try:
        if file.lstat().st_uid != os.getuid():
            return None
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return text or None


def _keep(folder: Path, name: str, text: str) -> None:
    """Written beside and renamed: another process sees the whole file or none. Not being able to is no fault."""
    try:
        handle, unfinished = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    except OSError:
        return
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(unfinished, folder / name)
    except OSError:
        Path(unfinished).unlink(missing_ok=True)
