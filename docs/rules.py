"""Write ``docs/rules.md``: every rewrite as an equation with its accuracy, from the declarations.

usage: python -m docs.rules      (or: make docs)
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import symtensor as st
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import PatternRule, Rule
from symtensor.ir.rewrite import rewrite
from symtensor.ir.trace import expression_text
from symtensor.ops.leaves import tensor
from symtensor.optimizer.pipeline import RULES

PAGE = Path(__file__).resolve().parent / "rules.md"
DEPTH = 20
STAGES = {
    "implicit": "What equations define is left as the value that was found, once derivatives have been taken.",
    "canonicalise": "Of several ways to write the same thing one is chosen.",
    "fold": "What is known at compile time is computed then.",
    "stabilise": "Digits and range that an expression as written would lose are kept.",
    "linalg": "Products of matrices read their operands as they lie.",
    "moments": "Sums of squared deviations read memory once.",
    "rows": "A write of one element a row is a select.",
    "specialise": "Cheaper ways to compute the same, once nothing needs to be recognised any more.",
}
ACCURACY = {
    "exact": "the same bits, payloads of NaN aside",
    "better": "never more than one unit in the last place worse, and better somewhere",
    "assumes_finite": "right for finite numbers only; off unless asked for",
}
CONSTANTS = (4.0, 2.0, 3.0, 1.0, 0.5, -2.0, 7.0, True)
HEAD = """\
# Rewrites

This page is made by `python -m docs.rules` from the declarations of the rules; a test keeps it current.

Each row reads from left to right: what is written, what is computed instead. Letters stand for any tensor; in rows
marked *e.g.* the right side depends on what is matched, and stands for one case. Operands of commutative operations
match both ways. A rule is switched off by its name, `st.compile(..., exclude=["log_of_one_plus"])`, and
`fn.explain()` tells where one fired.

| accuracy | promise, held by the tests |
|---|---|
"""


def equations(rule: PatternRule) -> Iterator[str]:
    """The forms of a rule, without duplicates."""
    seen = set()
    for constants in _choices(rule):
        values, sides = _instance(rule, constants)
        if sides is None:
            continue
        for k, (left, right, *_) in enumerate(sides):
            if k in seen:
                continue
            text = _written(rule, k, values, left, right)
            if text is not None:
                seen.add(k)
                yield text


def _choices(rule: Rule) -> list[tuple[Any, ...]]:
    count = sum("Const" in str(p.annotation) for p in inspect.signature(rule.function).parameters.values())
    if count < 2:
        return [(c,) for c in CONSTANTS] if count else [()]
    related = (lambda c: c, lambda c: c * c, lambda c: c**0.5)
    return [(c, r(c), *(c,) * (count - 2)) for r in related for c in CONSTANTS if c is not True and c > 0]


def _instance(rule: PatternRule, constants: tuple[Any, ...]) -> tuple[dict[str, Any], Any]:
    """What the parameters of a rule are in the example, and its sides for them."""
    dtype = "float64" if "f" in rule.kinds else "int64" if "i" in rule.kinds else "bool"
    values: dict[str, Any] = {}
    remaining = list(constants)
    row = any("Attr" in str(p.annotation) for p in inspect.signature(rule.function).parameters.values())
    for name, parameter in inspect.signature(rule.function).parameters.items():
        kind = str(parameter.annotation)
        if "Const" in kind:
            c = remaining.pop(0)
            values[name] = st.constant(c, "bool" if c is True else dtype)
        elif "Attr" in kind:
            values[name] = (1,)
        else:
            values[name] = tensor(name, dtype, ("m", "n") if row else ("n",))
    for name in {"count", "count_y"} & set(values):
        values[name] = st.as_tensor(values["x"].shape[1], dtype)
    if "shift" in values:
        values["shift"] = st.max(values["x"], axis=1, keepdims=True)
    try:
        sides = rule.function(**values)
    except TypeError:  # bools are not subtracted
        return values, None
    return values, sides if isinstance(sides, list) else [sides]


def _written(rule: PatternRule, k: int, values: dict[str, Any], left: Tensor, right: Any) -> str | None:
    """One equation; None where the rule does not fire on the example."""
    form = rule.forms[k]
    symbolic = not callable(right)
    (result,) = rewrite([left], [rule])
    if result is left:
        return None
    if symbolic:
        sides = rule.function(**_wild(rule))
        pair = (sides if isinstance(sides, list) else [sides])[k]
        return f"`{expression_text(form.left, DEPTH)}` → `{expression_text(pair[1], DEPTH)}`"
    return f"`{expression_text(left, DEPTH)}` → `{expression_text(result, DEPTH)}` (e.g.)"


def _wild(rule: PatternRule) -> dict[str, Any]:
    from symtensor.ir.pattern import _wildcards

    return _wildcards(rule.function)


def rows(rule: Rule) -> str:
    """One rule: name, accuracy, reason, and its equations if it has any."""
    lines = [f"**{rule.name}** ({rule.accuracy}) — {rule.doc}", ""]
    if isinstance(rule, PatternRule):
        lines += [f"- {text}" for text in equations(rule)] + [""]
    return "\n".join(lines)


def text() -> str:
    """The whole page."""
    parts = [HEAD + "\n".join(f"| {name} | {promise} |" for name, promise in ACCURACY.items()) + "\n"]
    for stage, purpose in STAGES.items():
        rules = [rule for rule in RULES if rule.stage == stage]
        parts.append(f"## {stage.capitalize()}\n\n{purpose}\n\n" + "\n".join(map(rows, rules)))
    missing = {rule.stage for rule in RULES} - set(STAGES)
    if missing:
        raise KeyError(f"no text for the stages {', '.join(sorted(missing))}")
    return "\n".join(parts).rstrip() + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
