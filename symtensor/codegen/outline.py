"""Which math functions of a large source are called instead of inlined.

Inlined, a function costs the C compiler its length again at every use: 2,000 tanh in one source take gcc 40 s, as calls
of one function 1.5 s. At run time a call of a vector function costs about 5 ns, which is little beside what is long
enough to be worth it. So small sources keep everything inline, and in large ones the functions that make most of the
text are compiled once. The bits are the same, since nothing is ever contracted or reordered.

Takes: the texts of functions and of what uses them.  Gives: the texts, some of them ``noinline``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from symtensor.codegen.mathlib.target import QUALIFIERS

BUDGET = 8000  # operations that inlining may add to a source: about a second of gcc's time
LEAST = 12  # operations of the smallest function that is worth a call
OUTLINED = "static __attribute__((noinline, unused))"

_CALL = re.compile(r"\bst_\w+(?=\()")
_OPERATOR = re.compile(r" [-+*/&|^?<>=]=? ")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def outline(helpers: Mapping[str, str], body: str) -> str:
    """The functions as text, those without inlining that would make the source too long.

    Args:
        helpers: text of each function by name; a function stands after those that it calls.
        body: all that uses them.
    """
    chosen = outlined(helpers, body)
    inline = QUALIFIERS["c"]
    return "\n".join(text.replace(inline, OUTLINED, 1) if name in chosen else text for name, text in helpers.items())


def outlined(helpers: Mapping[str, str], body: str) -> frozenset[str]:
    """The names of the functions that are to be called: the ones that add most, until the rest is in the budget."""
    inline = QUALIFIERS["c"]
    code = {name: _COMMENT.sub("", text) for name, text in helpers.items()}
    calls = {name: Counter(c for c in _CALL.findall(text) if c in code and c != name) for name, text in code.items()}
    own = {name: len(_OPERATOR.findall(text)) + sum(calls[name].values()) for name, text in code.items()}
    used = Counter(c for c in _CALL.findall(body) if c in code)
    chosen: set[str] = set()
    while True:
        length, uses = _expanded(own, calls, chosen), _copies(calls, used, chosen)
        added = {n: uses[n] * length[n] for n in code if n not in chosen and inline in code[n]}
        top = {n: used[n] * length[n] for n in added}
        candidates = {n: v for n, v in added.items() if length[n] >= LEAST and uses[n] > 1}
        if sum(top.values()) <= BUDGET or not candidates:
            return frozenset(chosen)
        chosen.add(max(candidates, key=lambda n: (candidates[n], n)))


def _expanded(own: Mapping[str, int], calls: Mapping[str, Counter[str]], chosen: set[str]) -> dict[str, int]:
    """Operations of each function with all that is inlined into it."""
    length: dict[str, int] = {}
    for name in own:  # callees come first
        length[name] = own[name] + sum(n * length.get(c, 0) for c, n in calls[name].items() if c not in chosen)
    return length


def _copies(calls: Mapping[str, Counter[str]], used: Counter[str], chosen: set[str]) -> Counter[str]:
    """How often each function's text is there once all is inlined."""
    uses = Counter(used)
    for name in reversed(list(calls)):
        for callee, n in calls[name].items():
            uses[callee] += n * (min(uses[name], 1) if name in chosen else uses[name])
    return uses
