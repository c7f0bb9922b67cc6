r"""Expressions as LaTeX, as notebooks show them: ``\frac{e^{x}}{\sum e^{x}}``."""

from __future__ import annotations

import re

import numpy as np

from symtensor.ir.node import Tensor
from symtensor.ir.notation import ATOM, COMPARISON, LOGIC, POWER, PRODUCT, SUM, UNARY, Notation, Piece, Writer, lines
from symtensor.ir.text import constant_text

LONGEST = 40  # lines beyond which a notebook shows the plain text instead
GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
SPECIAL = str.maketrans({c: rf"\{c}" for c in "_#$%&{}"} | {"\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim "})
FUNCTIONS = {
    "log": r"\log", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "sinh": r"\sinh", "cosh": r"\cosh",
    "tanh": r"\tanh", "arcsin": r"\arcsin", "arccos": r"\arccos", "arctan": r"\arctan", "log2": r"\log_{2}",
    "log10": r"\log_{10}", "expit": r"\sigma", "gammaln": r"\log\Gamma", "digamma": r"\psi", "max": r"\max",
    "min": r"\min",
    "argmax": r"\operatorname{arg\,max}", "argmin": r"\operatorname{arg\,min}", "maximum": r"\max", "minimum": r"\min",
}  # fmt: skip


def _name(name: str) -> str:
    r"""A user's name: Greek letters by their names, a digit or letter after an underscore as an index."""
    base, *indices = name.split("_")
    parts = [_word(base)] if base else []
    if parts and indices and all(re.fullmatch(r"\w{1,3}", i) for i in indices):
        return f"{parts[0]}_{{{', '.join(_word(i) for i in indices)}}}"
    return _word(name)


def _word(word: str) -> str:
    if word in GREEK:
        return rf"\{word}"
    plain = word.isdigit() or (len(word) == 1 and word.isalnum())
    return word if plain else rf"\mathrm{{{word.translate(SPECIAL)}}}"


def _constant(value: np.ndarray) -> Piece:
    if value.ndim:
        return rf"\mathrm{{{constant_text(value).translate(SPECIAL)}}}", ATOM
    if value.dtype.kind == "b":
        return rf"\mathrm{{{bool(value)}}}", ATOM
    if not np.isfinite(value):
        return (r"\mathrm{nan}", ATOM) if np.isnan(value) else (r"\infty" if value > 0 else r"-\infty", UNARY)
    text = constant_text(value).removesuffix(".0")
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", PRODUCT
    return text, UNARY if text.startswith("-") else ATOM


def _braced(template: str, binds: int = ATOM) -> Writer:
    return lambda node, operands: (template % tuple(text for text, _ in operands), binds)


def _function(node: Tensor, operands: list[Piece]) -> Piece:
    name = FUNCTIONS.get(node.op.name) or rf"\operatorname{{{node.op.name.translate(SPECIAL)}}}"
    index = ""
    if node.op.kind == "reduction" and len(node.attr("axes")) < node.inputs[0].ndim:
        index = f"_{{{', '.join(map(str, node.attr('axes')))}}}"
    return rf"{name}{index}\left({', '.join(text for text, _ in operands)}\right)", ATOM


def _big(symbol: str) -> Writer:
    def write(node: Tensor, operands: list[Piece]) -> Piece:
        axes = node.attr("axes")
        index = "" if len(axes) == node.inputs[0].ndim else f"_{{{', '.join(map(str, axes))}}}"
        return rf"{symbol}{index} {LATEX.enclosed(operands[0], PRODUCT)}", PRODUCT

    return write


def _product(node: Tensor, operands: list[Piece]) -> Piece:
    scalar = any(i.ndim == 0 for i in node.inputs)
    left, right = (LATEX.enclosed(o, PRODUCT) for o in operands)
    cdot = right[:1].isdigit() or right.startswith("-")
    sign = r"\odot" if not scalar else r"\cdot" if cdot else r"\,"
    return f"{left} {sign} {right}", PRODUCT


def _power(node: Tensor, operands: list[Piece]) -> Piece:
    return f"{LATEX.enclosed(operands[0], ATOM)}^{{{operands[1][0]}}}", POWER


def _raised(exponent: str) -> Writer:
    return lambda node, operands: (f"{LATEX.enclosed(operands[0], ATOM)}^{{{exponent}}}", POWER)


def _contraction(node: Tensor, operands: list[Piece]) -> Piece:
    return rf"{LATEX.enclosed(operands[0], PRODUCT)} \, {LATEX.enclosed(operands[1], PRODUCT)}", PRODUCT


def _first(node: Tensor, operands: list[Piece]) -> Piece:
    return operands[0]


def _cases(node: Tensor, operands: list[Piece]) -> Piece:
    condition, then, otherwise = (text for text, _ in operands)
    rows = rf"{then} & \text{{if }} {condition} \\ {otherwise} & \text{{otherwise}}"
    return rf"\begin{{cases}} {rows} \end{{cases}}", ATOM


LATEX = Notation(
    {
        "add": ("+", SUM, False), "subtract": ("-", SUM, True), "negative": ("-", UNARY, False),
        "mod": (r"\bmod", PRODUCT, True), "less": ("<", COMPARISON, True), "less_equal": (r"\le", COMPARISON, True),
        "greater": (">", COMPARISON, True), "greater_equal": (r"\ge", COMPARISON, True),
        "equal": ("=", COMPARISON, True), "not_equal": (r"\ne", COMPARISON, True),
        "logical_and": (r"\land", LOGIC, False), "logical_or": (r"\lor", LOGIC, False),
        "logical_not": (r"\lnot ", UNARY, False), "bitwise_and": (r"\land", LOGIC, False),
        "bitwise_or": (r"\lor", LOGIC, False), "invert": (r"\lnot ", UNARY, False),
    },
    {
        "multiply": _product, "power": _power, "contract": _contraction,
        "divide": _braced(r"\frac{%s}{%s}", UNARY), "reciprocal": _braced(r"\frac{1}{%s}", UNARY),
        "floor_divide": _braced(r"\left\lfloor \frac{%s}{%s} \right\rfloor"),
        "exp": lambda node, operands: (f"e^{{{operands[0][0]}}}", POWER),
        "exp2": lambda node, operands: (f"2^{{{operands[0][0]}}}", POWER),
        "sqrt": _braced(r"\sqrt{%s}"), "cbrt": _braced(r"\sqrt[3]{%s}"), "square": _raised("2"),
        "absolute": _braced(r"\left|%s\right|"), "floor": _braced(r"\left\lfloor %s \right\rfloor"),
        "ceil": _braced(r"\left\lceil %s \right\rceil"),
        "where": _cases,
        "sum": _big(r"\sum"), "prod": _big(r"\prod"), "transpose": _raised(r"\top"),
        # Shapes are not what a formula is about.
        "broadcast_to": _first, "expand_dims": _first, "squeeze": _first, "cast": _first, "stop_gradient": _first,
        "print": _first, "check": _first,
    },
    _function,
    _name,
    _constant,
    lambda size: rf"\mathrm{{{size.replace('*', ' ').translate(SPECIAL)}}}",
    (r"\left(", r"\right)"),
)  # fmt: skip


def latex(*tensors: Tensor) -> str:
    r"""Tensors as LaTeX without surrounding dollars; what they share comes first, in lines of its own.

    >>> import symtensor as st
    >>> x, sigma = st.scalar("x"), st.scalar("sigma")
    >>> print(latex(st.exp(-((x / sigma) ** 2) / 2)))
    e^{\frac{-\left(\frac{x}{\sigma}\right)^{2}}{2}}
    """
    definitions, results = lines(tensors, LATEX)
    if not definitions and len(results) == 1:
        return results[0]
    rows = [rf"{name} &= {text}" for name, text in definitions] + [f"& {text}" for text in results]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def notebook(tensor: Tensor) -> str | None:
    """What a notebook shows for a tensor; None where plain text is better."""
    if tensor.op.name in ("input", "shared"):
        sizes = r" \times ".join(rf"\mathrm{{{str(s).translate(SPECIAL)}}}" for s in tensor.shape)
        return rf"$\displaystyle {_name(tensor.name or tensor.op.name)} : \mathrm{{{tensor.dtype}}}^{{{sizes}}}$"
    if isinstance(tensor.type, tuple):
        return None
    definitions, _ = lines([tensor], LATEX)
    return None if len(definitions) > LONGEST else rf"$\displaystyle {latex(tensor)}$"
