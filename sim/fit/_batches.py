"""A table of any size, a piece at a time: CSV (plain or .gz, any encoding and separator), Parquet, or a data frame.

Only one piece is in memory. Text stays text; rows are numbered from 1, the heading not counted.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import narwhals as nw
import polars as pl

from sim.errors import InputError
from sim.fit._table import looks_like, read_table

BLOCK_BYTES = 16_000_000
BATCH_ROWS = 400_000
ROW = "(row)"
"""Column with the number of each row, where some rows of a batch were passed over."""
_SEPARATORS = ",;\t|"
_SUFFIXES = ".csv, .csv.gz, .txt, .tsv or .parquet"
_TEXT = (".csv", ".txt", ".tsv")
_TIME = "%Y-%m-%dT%H:%M:%S%z"


@dataclass(frozen=True)
class Source:
    """An opened table: its columns, and its rows a batch at a time."""

    where: str
    """The file or frame, as errors name it."""
    headings: tuple[str, ...]
    batches: Iterator[tuple[int, pl.DataFrame]]
    """(number of the first row, rows)."""
    notes: tuple[str, ...] = ()


def open_batches(source: object, where: str | None = None, encoding: str = "auto") -> Source:
    """Open a path or data frame.

    ``encoding``: "auto" takes UTF-8, or UTF-16 that says so; else any name that Python knows, like "cp1251".

    Raises
    ------
    InputError
        On opening, or while the batches are read: no such file, not what its name says, not in that encoding.
    """
    if not isinstance(source, (str, Path)):
        frame = _frame(source, where or "data frame")
        return Source(where or "data frame", tuple(frame.columns), _slices(frame))
    path = Path(source)
    name, where = path.name.lower(), where or path.name
    if not path.is_file():
        raise InputError.of(where, "there is no such file", path)
    if name.endswith(".parquet"):
        return _parquet(path, where)
    if not name.removesuffix(".gz").endswith(_TEXT):
        raise InputError.of(where, "unknown kind of file", path.suffix or path.name, _SUFFIXES)
    return _text(path, where, encoding)


def _frame(source: object, where: str) -> pl.DataFrame:
    """A data frame of any library; times of day are kept, as text."""
    try:
        frame: Any = nw.from_native(cast(Any, source))
    except TypeError:
        allowed = f"a path ({_SUFFIXES}) or a pandas, polars or pyarrow data frame"
        raise InputError.of(where, "cannot read a table from this", type(source).__name__, allowed) from None
    native = frame.to_native()
    if isinstance(native, pl.DataFrame | pl.LazyFrame):
        return _as_text(native.lazy().collect())
    times = [name for name, kind in frame.collect_schema().items() if isinstance(kind, nw.Datetime)]
    written = frame.with_columns(nw.col(name).dt.to_string(_TIME) for name in times)
    return _as_text(read_table(written.to_native(), where).frame)


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """All columns as text; whole numbers without a point, times as in ISO 8601."""
    columns = []
    for name, kind in frame.schema.items():
        column = frame[name]
        if isinstance(kind, pl.Datetime):
            column = column.dt.strftime(_TIME if kind.time_zone else _TIME.removesuffix("%z"))
        elif kind.is_float() and column.drop_nulls().is_between(-(2**53), 2**53).all() and _is_whole(column):
            column = column.cast(pl.Int64)
        columns.append(column.cast(pl.String))
    return pl.DataFrame(columns)


def _is_whole(column: pl.Series) -> bool:
    return bool((column.drop_nulls() == column.drop_nulls().round()).all())


def _slices(frame: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    for start in range(0, frame.height, BATCH_ROWS):
        yield start + 1, frame.slice(start, BATCH_ROWS)


def _parquet(path: Path, where: str) -> Source:
    try:
        lazy = pl.scan_parquet(path)
        headings = tuple(lazy.collect_schema().names())
        height = int(lazy.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError.of(where, f"the Parquet file cannot be read ({str(error).splitlines()[0]})") from None

    def batches() -> Iterator[tuple[int, pl.DataFrame]]:
        for start in range(0, height, BATCH_ROWS):
            yield start + 1, _as_text(lazy.slice(start, BATCH_ROWS).collect())

    return Source(where, headings, batches())


def _text(path: Path, where: str, encoding: str) -> Source:
    with _open(path) as stream:
        head = _checked(lambda: stream.read(65_536), where)
    codec = _codec(head, where, encoding)
    blocks = _blocks(path, where, codec)
    first = next(blocks, b"")
    if not first.strip():
        raise InputError.of(where, "the file is empty")
    line = first.splitlines()[0].decode("utf-8")
    separator = max(_SEPARATORS, key=line.count)
    headings = tuple(text.strip() for text in next(csv.reader(io.StringIO(line), delimiter=separator)))
    notes = [f"decoded from {codec}"] if codec not in ("utf-8", "utf-8-sig") else []
    notes += [f"columns are separated by {separator!r}"] if separator != "," else []
    body = first[len(first.splitlines(keepends=True)[0]) :]
    return Source(where, headings, _parsed(body, blocks, headings, separator, where), tuple(notes))


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


def _checked(read: object, where: str) -> bytes:
    try:
        return bytes(read())  # type: ignore[operator]
    except (OSError, EOFError, zlib.error) as error:
        raise InputError.of(where, f"cannot be read, or the gzip content is damaged ({error})") from None


def _codec(head: bytes, where: str, encoding: str) -> str:
    if encoding != "auto":
        try:
            return codecs.lookup(encoding).name
        except LookupError:
            raise InputError.of("encoding", "unknown encoding", encoding, "auto, utf-8, utf-16, cp1251, ...") from None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    kind = looks_like(head)
    if kind != "plain text":
        raise InputError.of(where, f"the name says text, but the content is {kind}", allowed="CSV text")
    return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"


def _blocks(path: Path, where: str, codec: str) -> Iterator[bytes]:
    """Whole records as UTF-8; quoted fields may hold line breaks."""
    decoder = codecs.getincrementaldecoder(codec)()
    rest, line = b"", 1
    with _open(path) as stream:
        while True:
            raw = _checked(lambda: stream.read(BLOCK_BYTES), where)
            try:
                text = decoder.decode(raw, final=not raw).encode()
            except UnicodeDecodeError as error:
                at = line + rest.count(b"\n") + raw[: error.start].count(b"\n")
                given = f"byte 0x{error.object[error.start]:02x}"
                allowed = "another encoding, such as cp1252 or cp1251"
                raise InputError.of(f"{where}, near line {at}", f"the text is not {codec}", given, allowed) from None
            rest += text
            if not raw:
                break
            if b"\n" not in rest:
                rest = rest.replace(b"\r", b"\n")
            cut = _last_record(rest)
            if cut:
                line += rest.count(b"\n", 0, cut)
                yield rest[:cut]
                rest = rest[cut:]
            elif len(rest) > 4 * BLOCK_BYTES:
                raise InputError.of(f"{where}, from line {line}", "the quotation marks do not match")
    if rest:
        yield rest


def _last_record(block: bytes) -> int:
    """Length of the whole records at the start of a block: up to a line break outside of quotation marks."""
    end = len(block)
    while True:
        end = block.rfind(b"\n", 0, end)
        if end < 0:
            return 0
        if block.count(b'"', 0, end) % 2 == 0:
            return end + 1


def _parsed(
    first: bytes, blocks: Iterator[bytes], headings: tuple[str, ...], separator: str, where: str
) -> Iterator[tuple[int, pl.DataFrame]]:
    schema = {f"{place}": pl.String for place in range(len(headings))}
    names = _unique(headings)
    row = 1
    block: bytes | None = first
    while block is not None:
        if block.strip():
            try:
                frame = pl.read_csv(block, has_header=False, schema=schema, separator=separator)
            except pl.exceptions.PolarsError as error:
                what = f"this is no valid CSV ({str(error).splitlines()[0]})"
                raise InputError.of(f"{where}, from row {row}", what, None, f"{len(headings)} fields a row") from None
            frame.columns = names
            yield row, frame
            row += frame.height
        block = next(blocks, None)


def _unique(headings: tuple[str, ...]) -> list[str]:
    """Repeated names get a number, so that a frame can hold them."""
    seen: dict[str, int] = {}
    names = []
    for name in headings:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names
