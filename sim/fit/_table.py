"""A user's table at the door: CSV, CSV.GZ, Parquet, or a data frame of another library, as one polars frame.

Nothing is interpreted here. Text stays text, so that "007" remains "007" and a mistake can be quoted as it
was written; every row keeps the name under which its owner finds it (line of the file, row of the frame).
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from sim.errors import InputError

MAX_BYTES = 4_000_000_000
"""Largest file that is read, after unpacking."""

_SEPARATORS = ",;\t|"
_SUFFIXES = ".csv, .csv.gz or .parquet"
_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


@dataclass(frozen=True)
class Table:
    """Raw rows and how to name them."""

    frame: pl.DataFrame
    """All columns; those of text files as String."""
    where: str
    """The file or frame, as errors name it."""
    row_names: Callable[[list[int]], list[str]]
    """Row indices of `frame` -> "line 7" or "row 5 (counted from 0)"."""
    headings: tuple[str, ...]
    """Column names as they stand in the source, repeated ones included."""
    notes: tuple[str, ...] = ()


def read_table(source: object, where: str | None = None, encoding: str = "auto") -> Table:
    """Open a path (.csv, .csv.gz, .parquet) or a data frame that narwhals knows (pandas, polars, pyarrow).

    Raises
    ------
    InputError
        The file does not exist, is empty, too large, not UTF-8, not what its name says, or its lines do not
        have the columns of its heading.
    """
    if isinstance(source, (str, Path)):
        path = Path(source)
        return _read_file(path, where or path.name, encoding)
    return _read_frame(source, where or "data frame")


def _read_file(path: Path, where: str, encoding: str) -> Table:
    name = path.name.lower()
    if not path.exists():
        raise InputError.of(where, "there is no such file", path)
    if not path.is_file():
        raise InputError.of(where, "this is not a file", path, f"a file {_SUFFIXES}")
    if path.stat().st_size > MAX_BYTES:
        raise _too_large(where, path.stat().st_size)
    if name.endswith(".parquet"):
        return _read_parquet(path, where)
    if not name.endswith((".csv", ".csv.gz")):
        raise InputError.of(where, "unknown kind of file", path.suffix or path.name, _SUFFIXES)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError.of(where, f"cannot be read: {error.strerror}") from None
    text = _unpack(content, where) if name.endswith(".gz") else content
    return _parse_csv(_as_utf8(text, where, encoding), where)


def _as_utf8(content: bytes, where: str, encoding: str) -> bytes:
    """UTF-16 that says so is taken for what it is; any other encoding must be named."""
    if encoding == "auto":
        if not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content
        encoding = "utf-16"
    try:
        return content.decode(encoding).encode()
    except LookupError:
        raise InputError.of("encoding", "unknown encoding", encoding, "auto, utf-8, utf-16, cp1251, ...") from None
    except UnicodeDecodeError as error:
        given = f"byte 0x{content[error.start]:02x} at {error.start:,}"
        raise InputError.of(where, f"the text is not {encoding}", given, "another encoding") from None


def _too_large(where: str, size: int) -> InputError:
    return InputError.of(where, "the file is too large", f"{size:,} bytes", f"up to {MAX_BYTES:,} bytes")


def _unpack(content: bytes, where: str) -> bytes:
    if content and not content.startswith(b"\x1f\x8b"):
        raise InputError.of(where, f"the name ends in .gz, but the content is {looks_like(content)}")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            text = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError.of(where, f"the gzip content is damaged or incomplete ({error})") from None
    if len(text) > MAX_BYTES:
        raise _too_large(where, len(text))
    return text


def looks_like(content: bytes) -> str:
    for magic, meaning in _MAGIC:
        if content.startswith(magic):
            return meaning
    return "binary data" if b"\x00" in content[:4096] else "plain text"


def _read_parquet(path: Path, where: str) -> Table:
    with _parquet_alone(path, where):
        frame = pl.read_parquet(path)
    return Table(plain_frame(frame), where, _frame_rows, tuple(frame.columns))


def parquet_height(path: Path, where: str) -> int:
    """Rows of a Parquet file of any size."""
    with _parquet_alone(path, where):
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def parquet_piece(path: Path, where: str, start: int, rows: int) -> Table:
    """So many rows of a Parquet file of any size; they are named by their place in the whole file."""
    with _parquet_alone(path, where):
        frame = pl.scan_parquet(path).slice(start, rows).collect()
    return Table(plain_frame(frame), where, partial(_rows_after, start), tuple(frame.columns))


@contextmanager
def _parquet_alone(path: Path, where: str) -> Iterator[None]:
    """Refuse what is no Parquet file, before reading and while it is read."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise InputError.of(where, "the file is empty")
    if not head.startswith(b"PAR1"):
        raise InputError.of(where, f"the name ends in .parquet, but the content is {looks_like(head)}")
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError.of(where, f"the Parquet file cannot be read ({str(error).splitlines()[0]})") from None


def plain_frame(frame: pl.DataFrame) -> pl.DataFrame:
    """A polars frame with the few types that the checks know: Float64, Int64, Date, String."""
    kinds = pl.selectors
    return frame.with_columns(
        (kinds.float() | kinds.decimal()).cast(pl.Float64),
        kinds.datetime().dt.date(),
        (kinds.categorical() | kinds.boolean() | kinds.enum()).cast(pl.String),
    )


def _frame_rows(indices: list[int]) -> list[str]:
    return _rows_after(0, indices)


def _rows_after(start: int, indices: list[int]) -> list[str]:
    return [row_name(start + index) for index in indices]


def row_name(place: int) -> str:
    """How a row of a file or frame without lines is called."""
    return f"row {place} (counted from 0)"


def _parse_csv(content: bytes, where: str) -> Table:
    _refuse_foreign(content, where)
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    separator = _separator(content)
    headings = next(csv.reader(io.StringIO(content[:65536].decode("utf-8-sig", "replace")), delimiter=separator), [])
    try:
        frame = pl.read_csv(content, infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as error:
        raise _explain(content, where, separator, len(headings), error) from None
    lines = _line_map(content, where, separator, frame.height)
    notes = () if separator == "," else (f"columns are separated by {separator!r}",)
    return Table(frame, where, lines, tuple(heading.strip() for heading in headings), notes)


def _refuse_foreign(content: bytes, where: str) -> None:
    """Refuse what is no UTF-8 text; an undecodable byte is named with its line."""
    if not content.strip():
        raise InputError.of(where, "the file is empty")
    kind = looks_like(content)
    if kind != "plain text":
        raise InputError.of(where, f"the name says CSV, but the content is {kind}", allowed="CSV text in UTF-8")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        given = f"byte 0x{content[error.start]:02x}"
        raise InputError.of(
            f"{where}, line {line}", "the text is not UTF-8", given, "save it as UTF-8, or name its encoding"
        ) from None


def _separator(content: bytes) -> str:
    heading = content[:65536].splitlines()[0].decode("utf-8", "replace")
    return max(_SEPARATORS, key=heading.count)


def _records(content: bytes, separator: str) -> list[tuple[int, int]]:
    """First line and number of fields of each record after the heading; raises csv.Error on open quotes."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator, strict=True)
    records, start = [], 1
    for fields in reader:
        records.append((start, len(fields)))
        start = reader.line_num + 1
    return records[1:]


def _line_map(content: bytes, where: str, separator: str, height: int) -> Callable[[list[int]], list[str]]:
    """How rows map to lines; where quoted fields hold line breaks, the records are counted one by one."""
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if lines == height + 1:
        return lambda indices: [f"line {index + 2}" for index in indices]
    try:
        records = _records(content, separator)
    except csv.Error as error:
        raise InputError.of(where, f"the quotation marks do not match ({error})") from None
    if len(records) != height:
        raise InputError.of(where, "the quotation marks do not match", f"{height} rows in {lines} lines")
    return lambda indices: [f"line {records[index][0]}" for index in indices]


def _explain(content: bytes, where: str, separator: str, width: int, error: Exception) -> InputError:
    """Say which lines the parser stumbled over."""
    try:
        wrong = [(line, fields) for line, fields in _records(content, separator) if fields > width]
    except csv.Error as detail:
        return InputError.of(where, f"the quotation marks do not match ({detail})")
    if not wrong:
        return InputError.of(where, f"this is no valid CSV ({str(error).splitlines()[0]})")
    shown = ", ".join(f"line {line} has {fields}" for line, fields in wrong[:5])
    return InputError.of(
        where,
        f"{len(wrong)} lines have more fields than the heading",
        shown,
        f'{width} fields; put text that holds "{separator}" in quotation marks',
    )


def _read_frame(source: Any, where: str) -> Table:
    """Column by column through numpy: works for pandas without pyarrow."""
    try:
        frame = nw.from_native(source)
    except TypeError:
        allowed = f"a path ({_SUFFIXES}) or a pandas, polars or pyarrow data frame"
        raise InputError.of(where, "cannot read orders from this", type(source).__name__, allowed) from None
    eager = frame.collect("polars") if isinstance(frame, nw.LazyFrame) else frame
    headings = tuple(str(name) for name in eager.columns)
    native = eager.to_native()
    if isinstance(native, pl.DataFrame):
        return Table(plain_frame(native), where, _frame_rows, headings)
    columns = [_column(str(name), eager[name]) for name in eager.columns]
    return Table(pl.DataFrame(columns), where, _frame_rows, headings)


def _column(name: str, column: nw.Series[Any]) -> pl.Series:
    """One column as Float64, Int64, Date or String; missing values (NaN of pandas too) as null."""
    kind = column.dtype
    missing = np.asarray(column.is_null().to_numpy(), dtype=bool)
    if kind.is_integer() and not missing.any():
        return pl.Series(name, column.to_numpy())
    if kind.is_numeric() or kind == nw.Decimal:
        values = pl.Series(name, column.cast(nw.Float64()).to_numpy().astype(np.float64))
    elif isinstance(kind, (nw.Datetime, nw.Date)):
        local = column.dt.replace_time_zone(None) if isinstance(kind, nw.Datetime) else column
        values = pl.Series(name, local.to_numpy().astype("datetime64[D]"))
    else:
        return pl.Series(name, [None if gap else str(v) for gap, v in zip(missing, column.to_numpy(), strict=True)])
    return values.set(pl.Series(missing), None) if missing.any() else values
