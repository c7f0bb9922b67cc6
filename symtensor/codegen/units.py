"""The kernels of a source as units of text: what does the same is printed once, and many are compiled side by side.

Two kernels do the same if their texts agree once their own names are numbered in order: a call passes buffers and
sizes by position. A long source is cut into translation units of about equal length, which as many processes compile;
what all of them need stands at the head of each.

Takes: kernels and their texts.  Gives: one text for people, and the same cut for compilers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field

from symtensor.codegen import loop_ir as ir
from symtensor.records import dataclass

CUT = 150_000  # characters of kernels from which a source is cut: about half a second of gcc's time
PARTS = 4  # most translation units of one source; each repeats the head, which costs 10 to 20 ms

_OWN = re.compile(r"\w+")
_DEFINITION = re.compile(r"^static int (?=\w+\()", re.MULTILINE)
HIDDEN = '__attribute__((visibility("hidden"))) '


@dataclass
class Units:
    """Texts of kernels and of other functions, in order.

    Attributes:
        suffixes: what the printer puts behind a kernel's own names, longest first.
        called: by the name of a kernel the name of the function that does its work.
        texts: comment and code by the name of the function.
        local: names of those that stay beside the entry.
    """

    suffixes: Sequence[str]
    called: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    local: set[str] = field(default_factory=set)
    _first: dict[str, str] = field(default_factory=dict)

    def add_local(self, name: str, comment: Sequence[str], code: Sequence[str]) -> None:
        """Enter a function that is no kernel; only its own name may differ from that of another one like it."""
        self.local.add(name)
        self._enter(name, re.sub(rf"\b{name}(?=\b|_)", "$", "\n".join(code)), comment, code)

    def add(self, kernel: ir.Kernel, comment: Sequence[str], code: Sequence[str], sizes: Iterable[str]) -> None:
        """Enter a kernel.

        Args:
            kernel: what was printed.
            comment: lines that say what it computes.
            code: lines of its functions, the one that is called last.
            sizes: names of its sizes in the text.
        """
        key = nameless(kernel, code, sizes, self.suffixes)
        self._enter(kernel.name, key, comment, code)

    def _enter(self, name: str, key: str, comment: Sequence[str], code: Sequence[str]) -> None:
        same = self.called[name] = self._first.setdefault(key, name)
        self.texts[same] = "\n".join([*comment, *(code if same == name else [self.texts[same]])])

    def whole(self) -> str:
        """All texts, for one translation unit."""
        return "\n".join(self.texts.values())

    def cut(self, head: str, routines: Sequence[str], entry: str) -> tuple[str, ...]:
        """The source as translation units; none where it is too short to be cut.

        Args:
            head: what each of them needs.
            routines: functions that the entry calls.
            entry: the last text.
        """
        kernels = {name: text for name, text in self.texts.items() if name not in self.local}
        length = sum(map(len, kernels.values()))
        count = min(PARTS, length // (CUT // 2), len(kernels))
        if length < CUT or count < 2:
            return ()
        parts: list[list[str]] = [[] for _ in range(count)]
        filled = 0
        for text in kernels.values():
            parts[min(count - 1, filled * count // length)].append(_DEFINITION.sub(HIDDEN + "int ", text))
            filled += len(text)
        prototypes = [_prototype(text, name) for name, text in kernels.items()]
        beside = [text for name, text in self.texts.items() if name in self.local]
        first = "\n".join([head, *routines, *beside, *prototypes, entry])
        return (first, *("\n".join([head, *part, ""]) for part in parts if part))


def _prototype(text: str, name: str) -> str:
    found = re.search(rf"^static int ({name}\(.*\)) \{{$", text, re.MULTILINE)
    assert found is not None, name
    return f"{HIDDEN}int {found[1]};"


def nameless(kernel: ir.Kernel, lines: Sequence[str], sizes: Iterable[str], suffixes: Sequence[str]) -> str:
    """The text of a kernel with its own names numbered in order: kernels of equal text do the same.

    Args:
        kernel: what was printed.
        lines: its text.
        sizes: names of its sizes in the text.
        suffixes: of names that the printer makes from a kernel's own.
    """
    own = {kernel.name, *(b.name for b in kernel.buffers), *sizes}
    for s in ir.all_statements(kernel.body):
        if isinstance(s, ir.For):
            own.add(s.var.label)
        elif isinstance(s, (ir.Let, ir.Declare, ir.Alloc)):
            own.add(s.name)
    numbers: dict[str, int] = {}
    known: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        word = match.group()
        found = known.get(word)
        if found is None:
            found = known[word] = next(
                (
                    f"${numbers.setdefault(word.removesuffix(end), len(numbers))}{end}"
                    for end in ("", *suffixes)
                    if word.endswith(end) and word.removesuffix(end) in own
                ),
                word,
            )
        return found

    return _OWN.sub(number, "\n".join(lines))
