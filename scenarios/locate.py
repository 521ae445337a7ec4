"""The line on which every key of a TOML text stands, so that an error can name it.

``tomllib`` forgets positions. This scanner runs over a text that ``tomllib`` has accepted, so it only has to
follow the structure: tables, arrays of tables, dotted keys, inline tables and arrays, strings and comments.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file."""


def locate(text: str) -> dict[Path, int]:
    """Path -> line (from 1) for every table, key and list item of a valid TOML text."""
    return _Scanner(text).run()


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of ``path``, or of the nearest thing around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.breaks = [match.start() for match in re.finditer("\n", self.text)]
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.items: dict[Path, int] = {}  # arrays of tables: position of the newest item

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while self._skip(" \t\n"):
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self.text[self.at] == "[":
                table = self._header(1)
            else:
                self._pair(table)
        return self.lines

    def _header(self, brackets: int) -> Path:
        line = self._line()
        self.at += brackets
        names = self._dotted_key()
        self.at += brackets
        table = self._inside_items(names[:-1], line)
        last = (*table, names[-1])
        if brackets == 2:
            self.items[last] = self.items.get(last, -1) + 1
            self.lines.setdefault(last, line)
            last = (*last, self.items[last])
        self.lines.setdefault(last, line)
        return last

    def _inside_items(self, names: list[str], line: int) -> Path:
        """A header's name runs through the newest item of each array of tables on its way."""
        path: Path = ()
        for name in names:
            path = (*path, name)
            self.lines.setdefault(path, line)
            if path in self.items:
                path = (*path, self.items[path])
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for name in self._dotted_key():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self._value(path)

    def _dotted_key(self) -> list[str]:
        names = [self._name()]
        while self.text[self.at] == ".":
            self.at += 1
            names.append(self._name())
        return names

    def _name(self) -> str:
        self._skip(" \t")
        if self.text[self.at] in "\"'":
            name = self._string()
        else:
            start = self.at
            while self.text[self.at].isalnum() or self.text[self.at] in "_-":
                self.at += 1
            name = self.text[start : self.at]
        self._skip(" \t")
        return name

    def _value(self, path: Path) -> None:
        self._skip(" \t")
        first = self.text[self.at]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._list(path)
        elif first == "{":
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1

    def _list(self, path: Path) -> None:
        self.at += 1
        position = 0
        while self._skip(" \t\n,") and self.text[self.at] != "]":
            self.lines[(*path, position)] = self._line()
            self._value((*path, position))
            position += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self._skip(" \t\n,") and self.text[self.at] != "}":
            self._pair(path)
        self.at += 1

    def _string(self) -> str:
        quote = self.text[self.at]
        fence = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(fence)
        start = self.at
        while not self.text.startswith(fence, self.at):
            self.at += 2 if quote == '"' and self.text[self.at] == "\\" else 1
        if len(fence) == 3:  # up to two quotes may stand right before the closing three
            while self.text.startswith(quote, self.at + 3):
                self.at += 1
        inside = self.text[start : self.at]
        self.at += len(fence)
        return _unescape(inside) if quote == '"' and len(fence) == 1 else inside

    def _skip(self, blanks: str) -> bool:
        """Pass over blanks and comments; False at the end of the text."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in blanks:
                self.at += 1
            else:
                return True
        return False

    def _line(self) -> int:
        return bisect_left(self.breaks, self.at) + 1


def _unescape(inside: str) -> str:
    """The key that a quoted name stands for."""
    if "\\" not in inside:
        return inside
    return str(tomllib.loads(f'x = "{inside}"')["x"])
