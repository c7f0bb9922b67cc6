"""The template language of the math library: one C text for every precision, number of lanes and dialect.

A template file holds C functions, each with a comment in front, under `//@ f32`, `//@ f64` or `//@ both` lines that
say for which precision they are.  In them

* `F`, `I`, `U`, `M` are the floating type, the signed and unsigned integers of its width, and a mask; `i32`, `i64`,
  `u32`, `u64` are scalars;
* a call of a primitive (`fma(a, b, c)`, `lt(a, b)`, `blend(m, a, b)`, ...) or of another template function gets its
  full name (`st_fma_f32x16`), or becomes an operator where the target has one; a bare constant as argument is splat;
* `F p = poly(NAME, x);` is the polynomial NAME of coefficients.py at x, written out; `poly(NAME, x, xx)` where
  xx = x * x is there already;
* a capital NAME of `coefficients.CONSTANTS` is its value; floating literals get the suffix of the precision;
* a function marked `each_lane` is written for one lane; on vectors it becomes a loop, for rare slow paths.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from symtensor.codegen.mathlib.coefficients import CONSTANTS, POLYNOMIALS
from symtensor.codegen.mathlib.primitives import SIGNATURES, infix
from symtensor.codegen.mathlib.target import PRECISIONS, QUALIFIERS, SCALARS, Target
from symtensor.records import dataclass

_FUNCTION = re.compile(
    r"(?P<comment>/\*(?:(?!\*/).)*\*/)\n"
    r"(?P<lanewise>each_lane )?(?P<result>F|I|U|M|void|[iu](?:32|64)) (?P<name>\w+)\((?P<parameters>[^)]*)\) \{\n"
    r"(?P<body>.*?)^\}$",
    re.DOTALL | re.MULTILINE,
)
_SECTION = re.compile(r"^//@ (f32|f64|both)\n", re.MULTILINE)
_CALL = re.compile(r"\b([a-z_]\w*)\(")
_POLYNOMIAL = re.compile(r"^( *)(F )?(\w+) = poly\((\w+), (\w+)(?:, (\w+))?\);\n", re.MULTILINE)
#: polynomials of this many pairs of terms are joined in fours
LONG = 5
_LITERAL = re.compile(r"(?<![\w.])(\d+\.\d*(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?![\w.])")
_BARE = re.compile(r"-?(?:[A-Z][A-Z0-9_]+|(?:0x[0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?)[fL]*)$")
#: slow paths are kept out of line
COLD = "static __attribute__((noinline, cold, unused))"
_NAME = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
_MINUS_NAME = re.compile(r"([(,=]\s*)-([A-Z][A-Z0-9_]+)\b")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


@dataclass(frozen=True)
class Function:
    """One template function: its comment, signature and body as written, for one precision."""

    name: str
    precision: str
    comment: str
    result: str
    parameters: tuple[tuple[str, str], ...]
    body: str
    lanewise: bool = False

    @property
    def of_integers(self) -> bool:
        """Whether all parameters are unsigned integers."""
        return set(self.kinds) == {"U"}

    @property
    def kinds(self) -> str:
        """The letters of the parameter types, as in `primitives.SIGNATURES`."""
        return "".join(kind[0] if kind in ("F", "I", "U", "M") else "p" for kind, _ in self.parameters)

    def calls(self) -> list[str]:
        """Names of the functions and primitives that the body calls, in order of appearance, each once."""
        return list(dict.fromkeys(_CALL.findall(_COMMENT.sub("", self.body))))


@lru_cache
def functions() -> dict[tuple[str, str], Function]:
    """All template functions by (name, precision), read from the `*.c` files beside this module."""
    found: dict[tuple[str, str], Function] = {}
    for path in sorted(Path(__file__).parent.glob("*.c")):
        for precision, function in parse(path.read_text(encoding="utf-8")):
            if (function.name, precision) in found:
                raise ValueError(f"{path.name}: {function.name} is defined twice for {precision}")
            found[function.name, precision] = function
    return found


def parse(text: str) -> list[tuple[str, Function]]:
    """The functions of one template file with their precisions."""
    sections = _SECTION.split(text)
    found = []
    for kind, section in zip(sections[1::2], sections[2::2], strict=True):
        for match in _FUNCTION.finditer(section):
            words = [p.replace(" *", "* ").split() for p in match["parameters"].split(",")]
            parameters = tuple((kind, name) for kind, name in words)
            for precision in PRECISIONS if kind == "both" else (kind,):
                parts = (match["name"], precision, match["comment"], match["result"], parameters, match["body"])
                found.append((precision, Function(*parts, lanewise=bool(match["lanewise"]))))
    return found


def instantiate(function: Function, target: Target) -> str:
    """The C text of a template function for one target."""
    if target.split and function.result == "F" and set(function.kinds) == {"F"}:
        return in_halves(function, target)
    if function.lanewise and target.vector:
        return in_lanes(function, target)
    body = _POLYNOMIAL.sub(lambda m: _polynomial(m, function), function.body)
    code, comments = without_comments(body)
    code = _MINUS_NAME.sub(lambda m: m[1] + _constant(m[2], function, -1), code)
    code = _NAME.sub(lambda m: _constant(m[0], function, 1), code)
    if function.precision == "f32":
        code = _LITERAL.sub(r"\1f", code)
    code = _calls(code, target)
    code = _types(code, target)
    code = re.sub(r"\x00(\d+)\x00", lambda m: comments[int(m[1])], code)
    return f"{function.comment}\n{head(function, target)} {{\n{code}}}\n"


def head(function: Function, target: Target) -> str:
    """The declaration of a template function for one target, without semicolon."""
    parameters = ", ".join(
        f"{_types(kind.rstrip('*'), target)} {'*' if kind.endswith('*') else ''}{name}"
        for kind, name in function.parameters
    )
    qualifiers = COLD if function.lanewise and target.dialect == "c" else QUALIFIERS[target.dialect]
    return f"{qualifiers} {_types(function.result, target)} st_{function.name}_{target.suffix}({parameters})"


def in_lanes(function: Function, target: Target) -> str:
    """A function for one lane as a loop over the lanes."""
    arguments = ", ".join(f"{name}[k]" for _, name in function.parameters)
    call = f"st_{function.name}_{target.element}({arguments})"
    loop = f"  for (int k = 0; k < {target.lanes}; ++k)\n    result[k] = {call};\n"
    return f"{head(function, target)} {{\n  {target.type('f')} result;\n{loop}  return result;\n}}\n"


def in_halves(function: Function, target: Target) -> str:
    """A function on a vector wider than the registers: the function on its two halves."""
    half = target.with_lanes(target.lanes // 2)
    lines = [f"  {half.type('f')} low[2], {', '.join(f'{n}_half[2]' for _, n in function.parameters)};"]
    for _, name in function.parameters:
        lines.append(f"  __builtin_memcpy({name}_half, &{name}, sizeof {name});")
    for k in (0, 1):
        arguments = ", ".join(f"{name}_half[{k}]" for _, name in function.parameters)
        lines.append(f"  low[{k}] = st_{function.name}_{half.suffix}({arguments});")
    lines += [f"  {target.type('f')} r;", "  __builtin_memcpy(&r, low, sizeof r);", "  return r;"]
    return f"{head(function, target)} {{\n" + "\n".join(lines).replace("low", "r_half") + "\n}\n"


def _polynomial(match: re.Match[str], function: Function) -> str:
    """Statements that evaluate a polynomial by Estrin's scheme.

    A chain of dependent operations keeps the processor waiting, so that terms are joined in pairs, c + d x, and in
    long polynomials pairs in fours; the number of operations is that of Horner's rule.
    """
    indent, declaration, result, name, x, xx = match.groups()
    coefficients = POLYNOMIALS[name, function.precision]
    pairs = [f"fma({d!r}, {x}, {c!r})" for c, d in zip(coefficients[::2], coefficients[1::2], strict=False)]
    if len(coefficients) % 2:
        pairs.append(f"splat({coefficients[-1]!r})")
    lines = []
    if xx is None:
        xx = f"{x}_2"
        if len(pairs) > 1:
            lines.append(f"{indent}F {xx} = {x} * {x};")
    step = xx
    if len(pairs) >= LONG:
        step = xx.removesuffix("_2") + "_4"
        lines.append(f"{indent}F {step} = {xx} * {xx};")
        tail = pairs[-1:] if len(pairs) % 2 else []
        pairs = [f"fma({high}, {xx}, {low})" for low, high in zip(pairs[::2], pairs[1::2], strict=False)] + tail
    lines.append(f"{indent}{declaration or ''}{result} = {pairs[-1]};")
    lines += [f"{indent}{result} = fma({result}, {step}, {pair});" for pair in reversed(pairs[:-1])]
    return "\n".join(lines) + "\n"


def without_comments(text: str) -> tuple[str, list[str]]:
    """The code with each comment replaced by a numbered placeholder, and the comments."""
    comments: list[str] = []

    def take(match: re.Match[str]) -> str:
        comments.append(match[0])
        return f"\x00{len(comments) - 1}\x00"

    return _COMMENT.sub(take, text), comments


def _constant(name: str, function: Function, sign: int) -> str:
    if (name, function.precision) not in CONSTANTS:
        raise KeyError(f"{function.name} uses {name}, which coefficients.py lacks for {function.precision}")
    value = CONSTANTS[name, function.precision]
    return (hex(value) if value > 0xFFFF else str(value)) if isinstance(value, int) else repr(sign * value)


def _types(code: str, target: Target) -> str:
    names = {"F": target.type("f"), "I": target.type("i"), "U": target.type("u"), "M": target.mask}
    names |= {name: SCALARS[target.dialect][name] for name in ("i32", "i64", "u32", "u64")}
    return re.sub(r"\b(?:[FIUM]|[iu](?:32|64))\b", lambda m: names[m[0]], code)


def _calls(code: str, target: Target) -> str:
    """Rename the calls in a piece of code, innermost arguments included."""
    result, position = [], 0
    while match := _CALL.search(code, position):
        name = match[1]
        kinds = SIGNATURES[name][1] if name in SIGNATURES else None
        template = functions().get((name, target.element))
        if kinds is None and template is None:
            result.append(code[position : match.end()])
            position = match.end()
            continue
        arguments, end = _arguments(code, match.end())
        if kinds is None and template is not None:
            kinds = template.kinds
        assert kinds is not None
        arguments = [_calls(a, target) for a in arguments]
        if target.vector:
            arguments = [_splat(a, kind, target) for a, kind in zip(arguments, kinds, strict=True)]
        text = None if target.vector or name not in SIGNATURES else infix(name, arguments)
        result += [code[position : match.start()], text or f"st_{name}_{target.suffix}({', '.join(arguments)})"]
        position = end
    return "".join(result) + code[position:]


def _splat(argument: str, kind: str, target: Target) -> str:
    if kind not in "FIU" or not _BARE.match(argument):
        return argument
    if kind == "U":
        return f"({target.type('u')})st_isplat_{target.suffix}({argument})"
    return f"st_{'splat' if kind == 'F' else 'isplat'}_{target.suffix}({argument})"


def _arguments(code: str, start: int) -> tuple[list[str], int]:
    """The arguments of the call whose opening bracket ends at `start`, and the position after the closing one."""
    arguments: list[str] = []
    depth, begin = 0, start
    for position in range(start, len(code)):
        character = code[position]
        if character == "(":
            depth += 1
        elif character == ")":
            if depth == 0:
                return [*arguments, code[begin:position].strip()], position + 1
            depth -= 1
        elif character == "," and depth == 0:
            arguments.append(code[begin:position].strip())
            begin = position + 1
    raise ValueError(f"unbalanced brackets in {code[start:]!r}")
