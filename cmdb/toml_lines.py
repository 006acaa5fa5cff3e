"""lines_of: on which line of a TOML text each key stands, which the standard parser does not say.

Only for texts that `tomllib` has taken: this walks from statement to statement and skips over values, and need not
find mistakes.
"""

import tomllib
from collections.abc import Iterator

Path = tuple[str, ...]
"""the keys that lead to a value, tables and dotted keys alike"""


def lines_of(text: str) -> dict[Path, int]:
    """Path → line (from 1) of every table header and every key; keys inside inline tables too."""
    lines: dict[Path, int] = {}
    table: Path = ()
    walk = _Walk(text)
    while walk.to_next_statement():
        line = walk.line()
        if walk.peek() == "[":
            walk.skip("[")
            table = walk.key_path()
            walk.skip("]")
            _note(lines, table, line)
        else:
            _note_value(lines, walk, table, line)
    return lines


def _note_value(lines: dict[Path, int], walk: "_Walk", above: Path, line: int) -> None:
    path = above + walk.key_path()
    _note(lines, path, line)
    walk.skip("=")
    for inner, inner_line in walk.value():
        _note(lines, path + inner, inner_line)


def _note(lines: dict[Path, int], path: Path, line: int) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], line)


class _Walk:
    """A place in the text that moves forward."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def to_next_statement(self) -> bool:
        """Past blanks, ends of lines and comments; whether anything follows."""
        self._blanks(" \t\r\n")
        return self.at < len(self.text)

    def _blanks(self, which: str) -> None:
        while self.at < len(self.text):
            if self.text[self.at] in which:
                self.at += 1
            elif self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def skip(self, sign: str) -> None:
        """Past any number of one sign and the blanks around them."""
        while True:
            while self.peek() in (" ", "\t"):
                self.at += 1
            if self.peek() != sign:
                return
            self.at += 1

    def key_path(self) -> Path:
        """A key, dotted or not."""
        keys = [self._key()]
        self.skip(" ")
        while self.peek() == ".":
            self.skip(".")
            keys.append(self._key())
            self.skip(" ")
        return tuple(keys)

    def _key(self) -> str:
        begin = self.at
        if self.peek() in ('"', "'"):
            self._string()
            (key,) = tomllib.loads(f"{self.text[begin : self.at]} = 0")
            return key
        while self.peek() and (self.peek().isalnum() or self.peek() in "_-"):
            self.at += 1
        return self.text[begin : self.at]

    def value(self) -> Iterator[tuple[Path, int]]:
        """Past a value; the keys of inline tables in it, each with its line."""
        self.skip(" ")
        sign = self.peek()
        if sign in ('"', "'"):
            self._string()
        elif sign == "[":
            self.at += 1
            while self._inside("]"):
                yield from self.value()
        elif sign == "{":
            self.at += 1
            while self._inside("}"):
                line = self.line()
                path = self.key_path()
                yield path, line
                self.skip("=")
                yield from ((path + inner, below) for inner, below in self.value())
        else:
            while self.peek() and self.peek() not in ",]}#\n":
                self.at += 1

    def _inside(self, end: str) -> bool:
        """Whether another item follows; past the end sign otherwise."""
        self._blanks(" \t\r\n,")
        if self.peek() == end or not self.peek():
            self.at += 1
            return False
        return True

    def _string(self) -> None:
        sign = self.peek()
        fence = sign * 3 if self.text.startswith(sign * 3, self.at) else sign
        self.at += len(fence)
        while self.at < len(self.text) and not self.text.startswith(fence, self.at):
            self.at += 2 if sign == '"' and self.text[self.at] == "\\" else 1
        self.at += len(fence)
        while len(fence) == 3 and self.peek() == sign:  # up to two of the sign may stand before the fence
            self.at += 1
