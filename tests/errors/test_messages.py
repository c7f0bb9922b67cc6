"""Every message that a user can meet, whole: what is wrong, both shapes with the user's names, the line, a hint."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import symtensor as st
from symtensor.errors import (
    BoundsError,
    CheckError,
    CompileError,
    DTypeError,
    GradientError,
    LinAlgError,
    ShapeError,
    SymtensorError,
    UnsupportedError,
)
from symtensor.frontends.sympy import from_sympy, to_sympy
from symtensor.function.variables import SharedVariable

TARGETS = ["numpy", "c"]


def message(error: type[BaseException], function: Callable[[], Any]) -> str:
    """The whole message, with ``at LINE`` for lines of this file."""
    with pytest.raises(error) as caught:
        function()
    text = str(caught.value)
    assert len(text.splitlines()) <= 12
    assert "0x" not in text, "a message shows no address"
    return re.sub(re.escape(__file__) + r":\d+", "LINE", text).replace(__file__, "FILE")


def line_of(error: type[BaseException], function: Callable[[], Any]) -> int:
    with pytest.raises(error) as caught:
        function()
    found = re.search(re.escape(__file__) + r":(\d+)", str(caught.value))
    assert found, str(caught.value)
    return int(found[1])


# ------------------------------------------------------------------------------------------------- at build time
BUILD: dict[str, tuple[type[BaseException], Callable[[], Any], str]] = {
    "shapes that do not broadcast": (
        ShapeError,
        lambda: st.tensor("p", shape=(2, 3)) + st.tensor("q", shape=(2, 4)),
        "add: sizes 3 and 4 do not broadcast: p: float64[2, 3], q: float64[2, 4]\n"
        "  at LINE\n"
        "  hint: a size broadcasts if it is 1; reshape, or index with None",
    ),
    "matrices that do not fit": (
        ShapeError,
        lambda: st.tensor("p", shape=(2, 3)) @ st.tensor("q", shape=(2, 4)),
        "contracting p: float64[2, 3] with q: float64[2, 4]: 3 is not 2\n"
        "  at LINE\n"
        "  hint: the two sizes must be equal; is an operand transposed, or in another order than you think?",
    ),
    "a reshape that does not fit": (
        ShapeError,
        lambda: st.tensor("p", shape=(2, 3)).reshape((4, 2)),
        "reshaping p: float64[2, 3] to [4, 2]: 6 is not 8\n"
        "  at LINE\n"
        "  hint: the two sizes must be equal; is an operand transposed, or in another order than you think?",
    ),
    "an index that is too large": (
        BoundsError,
        lambda: st.tensor("p", shape=(2, 3))[2],
        "index 2 is out of bounds for axis 0 with size 2: p: float64[2, 3]\n  at LINE",
    ),
    "an index that is no integer": (
        IndexError,
        lambda: X[1.5],
        "only integers, slices, None, ..., and arrays of integers or bools are indices, not 1.5\n  at LINE",
    ),
    "a size that is no integer": (
        TypeError,
        lambda: st.zeros((2, "n")),
        "a size or an index must be an integer, not 'n'\n  at LINE",
    ),
    "a bound of a gradient that is no number": (
        ValueError,
        lambda: st.grad_clip(X, float("nan"), 1.0),
        "grad_clip: lower must be a number, not nan\n  hint: inf leaves a side open",
    ),
    "a truth value": (
        TypeError,
        lambda: bool(st.vector("x") > 0),
        "the result of greater: bool[x.shape[0]] has no truth value while the graph is built\n"
        "  hint: use st.where (both sides computed) or st.cond (only the taken branch runs)",
    ),
    "a dtype that does not exist": (
        TypeError,
        lambda: st.tensor("x", "float128", ()),
        "symtensor has no dtype float128\n"
        "  hint: it computes with bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, "
        "float16, float32, float64, complex64, complex128",
    ),
    "an operand that is no number": (
        TypeError,
        lambda: st.vector("x") + st.as_tensor("text"),
        "symtensor has no dtype <U4\n"
        "  hint: it computes with bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, "
        "float16, float32, float64, complex64, complex128",
    ),
    "the negative of a bool": (
        DTypeError,
        lambda: -st.tensor("b", "bool", ()),
        "negative: bools cannot be subtracted or negated\n  hint: use ^ or ~, or cast first\n  at LINE",
    ),
    "the gradient by an integer": (
        GradientError,
        lambda: st.grad(st.exp(I).sum(), I),
        "there is no gradient with respect to i: int64[i.shape[0]]: its values are not continuous\n"
        "  at LINE\n"
        "  hint: cast it to a floating-point dtype first",
    ),
    "a disconnected gradient": (
        GradientError,
        lambda: st.grad(X.sum(), Y),
        "the cost does not depend on y: float64[y.shape[0]]\n"
        "  at LINE\n"
        '  hint: is it the tensor that the cost was built from? disconnected_inputs="ignore" gives zeros',
    ),
    "the gradient of a vector": (
        GradientError,
        lambda: st.grad(X * 2, X),
        "the cost must be a scalar, not the result of multiply: float64[x.shape[0]]\n"
        "  at LINE\n"
        "  hint: sum it, or use st.vjp with weights",
    ),
    "a missing input": (
        CompileError,
        lambda: st.compile(X * Y, [X]),
        "the outputs need y: float64[y.shape[0]], which is not among the inputs ['x']\n"
        "  at LINE\n"
        "  hint: add it to the inputs, or give it a value with givens",
    ),
    "a missing input of the name of another": (
        CompileError,
        lambda: st.compile(st.vector("x") * 3, [X]),
        "the outputs need x: float64[x.shape[0]], which is not among the inputs ['x']\n"
        "  at LINE\n"
        "  hint: another tensor of the name 'x' is listed: names do not make two tensors one",
    ),
    "a missing size": (
        CompileError,
        lambda: st.compile(X * Y.shape[0], [X]),
        "the outputs need the size y.shape[0], which no input of ['x'] has\n"
        "  hint: add the tensor that has it to the inputs",
    ),
    "an unused input": (
        CompileError,
        lambda: st.compile(X * 3, [X, Y]),
        "no output needs the input y: float64[y.shape[0]]\n"
        "  at LINE\n"
        '  hint: leave it out, or pass on_unused_input="ignore"',
    ),
    "a duplicate input": (
        CompileError,
        lambda: st.compile(X * 3, [X, X]),
        "the input x: float64[x.shape[0]] is listed twice\n  at LINE\n  hint: list it once",
    ),
    "an input that is an expression": (
        CompileError,
        lambda: st.compile(X * 3, [X * 2]),
        "an input must be an input tensor such as st.vector('x'), not the result of multiply: "
        "float64[x.shape[0]]\n"
        "  at LINE\n"
        "  hint: list the tensors that it is computed from, or replace it with givens={tensor: new_input}",
    ),
    "an input that is shared": (
        CompileError,
        lambda: st.compile(W * 3, [W]),
        "an input must be an input tensor such as st.vector('x'), not w: float64[2]\n"
        "  at LINE\n"
        "  hint: a shared variable needs not be listed",
    ),
    "inputs that are no list": (
        CompileError,
        lambda: st.compile(X * 3, X),
        "inputs must be a list or a dict, not x alone\n  hint: write [x]",
    ),
    "an update of no variable": (
        CompileError,
        lambda: st.compile(None, [X], updates={X: X + 1}),
        "only shared variables can be updated, not x: float64[x.shape[0]]\n  hint: make it with st.shared(value)",
    ),
    "two updates of one variable": (
        CompileError,
        lambda: st.compile(None, updates=[(W, W + 1), (W, W + 2)]),
        "w: float64[2] is updated twice\n"
        "  at LINE\n"
        "  hint: write one update; both would be written at the end of the same call",
    ),
    "an update of another dtype": (
        DTypeError,
        lambda: st.compile(None, updates={C: C * 0.5}),
        "the update of c: int64[] has another dtype: the result of multiply: float64[]\n"
        "  at LINE\n"
        "  hint: cast it with .astype('int64')",
    ),
    "an update of another rank": (
        ShapeError,
        lambda: st.compile(None, updates={W: W.sum()}),
        "the update of w: float64[2] has another shape: the result of sum: float64[]\n"
        "  at LINE\n"
        "  hint: give it the shape (2,), as st.broadcast_to(value, shape) does",
    ),
    "an update of another size": (
        ShapeError,
        lambda: st.compile(None, updates={W: st.concatenate([W, W])}),
        "the update of w: float64[2] has another shape: the result of concatenate: float64[4]\n"
        "  at LINE\n"
        "  hint: give it the shape (2,), as st.broadcast_to(value, shape) does",
    ),
    "givens of another dtype": (
        DTypeError,
        lambda: st.compile(I * 2, [X], givens={I: X}),
        "givens replace i: int64[i.shape[0]] by x: float64[x.shape[0]]\n"
        "  at LINE\n"
        "  hint: cast it with .astype('int64')",
    ),
    "givens of another rank": (
        ShapeError,
        lambda: st.compile(X * 2, [Y], givens={X: Y.sum()}),
        "givens replace x: float64[x.shape[0]] by the result of sum: float64[]\n"
        "  at LINE\n"
        "  hint: the replacement must have as many axes, and the sizes that were declared",
    ),
    "an unknown target": (
        ValueError,
        lambda: st.compile(X, [X], target="fortran"),
        "unknown target 'fortran'\n  hint: targets are c, numpy, opencl, cuda, cuda-shim, null",
    ),
    "a rule that does not exist": (
        ValueError,
        lambda: st.compile(X, [X], exclude=["stabilize"]),
        "exclude names no rewrite rule and no stage: 'stabilize'\n  hint: there is 'stabilise'",
    ),
    "replacements that are no pairs": (
        CompileError,
        lambda: st.compile(X, [X], givens=[1]),
        "replacements must be a dict, or pairs of a tensor and what stands in for it, not [1]\n"
        "  hint: givens={x: x / 255}",
    ),
    "a name that is no text": (
        TypeError,
        lambda: st.vector(3),
        "the name of an input must be a str, not 3\n  hint: st.tensor(name, dtype, shape)",
    ),
    "a dtype that nobody knows": (
        TypeError,
        lambda: st.tensor("x", "float65"),
        "there is no dtype 'float65'\n"
        "  hint: it computes with bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, "
        "float64, complex64, complex128",
    ),
    "a rule that is none": (
        TypeError,
        lambda: st.compile(X, [X], rules=["log_of_exp"]),
        "rules are made by @st.rule, not 'log_of_exp'\n  hint: exclude=[...] takes names of rules",
    ),
    "an unknown treatment of unused inputs": (
        ValueError,
        lambda: st.compile(X, [X], on_unused_input="shrug"),
        "on_unused_input must be one of 'raise', 'warn', 'ignore', not 'shrug'\n"
        "  hint: 'ignore' accepts inputs that nothing needs",
    ),
    "a number of threads": (
        ValueError,
        lambda: st.compile(X, [X], threads=0),
        "threads must be a positive number, not 0\n  hint: None takes all processors",
    ),
    "a shared variable of a tensor": (
        TypeError,
        lambda: st.shared(X),
        "a shared variable starts with an array, not with a symbolic tensor\n  hint: compile it first",
    ),
    "inputs nested otherwise": (
        TypeError,
        lambda: st.compile(X * Y, [{"a": X, "b": Y}], target="numpy")({"a": [1.0]}),
        "argument 0 must be nested like {'a': *, 'b': *}, but lacks 'b'\n"
        "  hint: use the containers and keys that the function was compiled for",
    ),
    "a default nested otherwise": (
        TypeError,
        lambda: st.compile(X * Y, [st.In({"a": X, "b": Y}, {"a": 1.0})]),
        "the default of an input must be nested like {'a': *, 'b': *}, but lacks 'b'\n"
        "  hint: use the containers and keys that the function was compiled for",
    ),
    "an output that is no tensor": (
        CompileError,
        lambda: st.compile({"y": X, "z": "text"}, [X]),
        "outputs['z'] must be a tensor, not str: 'text'\n"
        "  hint: outputs are tensors, numbers, and lists, tuples, dicts, dataclasses of them",
    ),
    "updates that are no pairs": (
        CompileError,
        lambda: st.compile(None, updates=W),
        "updates must be pairs of a shared variable and its new value, not w: float64[2]\n"
        "  hint: updates={w: w - 0.1 * g}, or [(w, w - 0.1 * g)]",
    ),
    "an unknown mode": (
        ValueError,
        lambda: st.compile(X, [X], mode="debug"),
        "mode must be None, 'check' or 'profile', not 'debug'\n"
        "  hint: check_nan=True looks for NaN, target='numpy' interprets",
    ),
    "wrt that is no tensor": (
        TypeError,
        lambda: st.grad(X.sum(), [X, "y"]),
        "wrt must be a tensor, or a list, tuple, dict or dataclass of tensors, not str\n"
        "  hint: pass the tensors themselves, not their names",
    ),
    "a condition that is no bool": (
        DTypeError,
        lambda: st.check(X, "x must hold"),
        "a condition must be a bool, not x: float64[x.shape[0]]\n"
        "  at LINE\n"
        "  hint: compare it with something, as in x > 0",
    ),
    "eval without a value": (
        CompileError,
        lambda: (X * Y).eval({X: [1.0]}),
        "y: float64[y.shape[0]] has no value\n  at LINE\n  hint: pass it as in .eval({y: array})",
    ),
    "eval of an unknown name": (
        CompileError,
        lambda: (X * Y).eval({"z": [1.0]}),
        "no input is named 'z'\n  hint: the inputs are ['x', 'y']; a tensor may be the key as well",
    ),
    "swapping what is no variable": (
        CompileError,
        lambda: st.compile(W * 2, [], target="numpy").copy(swap={X: W}),
        "swap replaces shared variables only, not x: float64[x.shape[0]]\n  hint: use st.substitute",
    ),
    "swapping an updated variable for an array": (
        CompileError,
        lambda: st.compile(None, updates={W: W * 2}, target="numpy").copy(swap={W: np.zeros(2)}),
        "w: float64[2] is updated by the function\n"
        "  at LINE\n"
        "  hint: swap it for another shared variable, or pass delete_updates=True",
    ),
    "swapping for a variable of another shape": (
        ShapeError,
        lambda: st.compile(W * 2, [], target="numpy").copy(swap={W: st.shared(np.zeros(3), "v")}),
        "w: float64[2] cannot be swapped for float64[3]\n  at LINE\n  hint: both must have the same dtype and shape",
    ),
    "a file that holds no function": (
        SymtensorError,
        lambda: st.load(__file__),
        "FILE holds no function that this version of symtensor saved\n  hint: save it again",
    ),
    "a static argument that no function has": (
        ValueError,
        lambda: st.jit(abs_of, static="y"),
        "static names no parameter of abs_of: 'y'\n  hint: its parameters are ['x']",
    ),
    "a static argument that cannot be hashed": (
        TypeError,
        lambda: st.jit(abs_of, static="x")([1.0]),
        "a static argument must be hashable, not list\n  hint: pass a tuple, or an array as input",
    ),
    "a traced function that returns something else": (
        CompileError,
        lambda: st.jit(lambda x: {1, 2})(1.0),
        "<lambda> returned set as its result\n  hint: return tensors, numbers, and containers of them",
    ),
    "SymPy of a sum": (
        UnsupportedError,
        lambda: to_sympy(X.sum()),
        "the result of sum: float64[] cannot be written in SymPy\n"
        "  at LINE\n"
        "  hint: only elementwise operations have a meaning in SymPy; give symbols for other parts",
    ),
    "a function that only SymPy has": (
        UnsupportedError,
        lambda: from_sympy(sympy.besselj(0, sympy.Symbol("x"))),
        "SymPy's besselj has no counterpart: besselj(0, x)\n  hint: try .doit() or .rewrite()",
    ),
    "a value of another shape": (
        ShapeError,
        lambda: W.set_value(np.zeros(3)),
        "w has the shape (2,), not (3,)\n"
        "  hint: the shape of a shared variable is fixed; make another one with st.shared",
    ),
    "a value of another dtype": (
        DTypeError,
        lambda: C.set_value(1.5),
        "c is int64: it cannot take a value of float64\n  hint: cast it with .astype('int64')",
    ),
}

X, Y, I = st.vector("x"), st.vector("y"), st.lvector("i")


def abs_of(x: Any) -> Any:
    return abs(x)


W: SharedVariable = st.shared(np.zeros(2), "w")
C: SharedVariable = st.shared(0, "c")


@pytest.mark.parametrize("what", sorted(BUILD))
def test_at_build_time(what: str) -> None:
    error, function, expected = BUILD[what]
    assert message(error, function) == expected


def test_the_line_is_the_users() -> None:
    p, q = st.tensor("p", shape=(2, 3)), st.tensor("q", shape=(2, 4))
    here = inspect.currentframe()
    assert here is not None
    assert line_of(ShapeError, lambda: p + q) == here.f_lineno


# ----------------------------------------------------------------------------------------------------- at the call
A, B, S = st.matrix("A"), st.matrix("B"), st.lscalar("s")
J = st.tensor("j", "int8", (None,))
N, K = st.tensor("m", shape=("n", 3)), st.tensor("k", shape=("n",))

CALL: dict[str, tuple[type[BaseException], Any, list[st.Tensor], tuple[Any, ...], str]] = {
    "sizes that differ": (
        ShapeError, X + Y, [X, Y], ([1.0, 2.0], [1.0]),
        "shapes of x and y do not broadcast: x.shape[0] and y.shape[0] (2 and 1)\n"
        "  given x: float64[2], y: float64[1]\n"
        "  at LINE\n"
        "  hint: a size 1 broadcasts only if it is declared so, as in shape=(None, 1)",
    ),
    "matrices that do not fit": (
        ShapeError, A @ B, [A, B], (np.ones((2, 3)), np.ones((2, 4))),
        "contracting A: float64[A.shape[0], A.shape[1]] with B: float64[B.shape[0], B.shape[1]]: A.shape[1] "
        "and B.shape[0] differ (3 and 2)\n"
        "  given A: float64[2, 3], B: float64[2, 4]\n"
        "  at LINE\n"
        "  hint: the two sizes must be equal; is an operand transposed, or in another order than you think?",
    ),
    "a reshape that does not fit": (
        ShapeError, X.reshape((-1, 3)), [X], (np.ones(4),),
        "reshaping x: float64[x.shape[0]] to [(x.shape[0] // 3), 3]: x.shape[0] and 3*(x.shape[0] // 3) "
        "differ (4 and 3)\n"
        "  given x: float64[4]\n"
        "  at LINE\n"
        "  hint: the two sizes must be equal; is an operand transposed, or in another order than you think?",
    ),
    "parts that do not fit": (
        ShapeError, st.concatenate([A, B]), [A, B], (np.ones((2, 3)), np.ones((2, 4))),
        "concatenating A: float64[A.shape[0], A.shape[1]] and B: float64[B.shape[0], B.shape[1]] along axis "
        "0: A.shape[1] and B.shape[1] differ (3 and 4)\n"
        "  given A: float64[2, 3], B: float64[2, 4]\n"
        "  at LINE\n"
        "  hint: the two sizes must be equal; is an operand transposed, or in another order than you think?",
    ),
    "the maximum of nothing": (
        ShapeError, X.max(), [X], ([],),
        "a reduction of x: float64[x.shape[0]] over axes [0] has no identity, so it takes no zero-size array\n"
        "  given x: float64[0]\n"
        "  at LINE",
    ),
    "an index that is too large": (
        BoundsError, X[5], [X], ([1.0, 2.0],),
        "index 5 is out of bounds for axis 0 of x: float64[x.shape[0]]\n"
        "  given x: float64[2]\n"
        "  at LINE",
    ),
    "an index that is too small": (
        BoundsError, X[-3], [X], ([1.0, 2.0],),
        "index -3 is out of bounds for axis 0 of x: float64[x.shape[0]]\n"
        "  given x: float64[2]\n"
        "  at LINE",
    ),
    "an index in an array": (
        BoundsError, st.take(X, I), [X, I], ([1.0, 2.0], [0, 2]),
        "take of x with i: index 2 is out of bounds for an axis of size 2\n"
        "  at LINE\n"
        "  hint: indices run from 0 to the size less 1, or from -1 backwards",
    ),
    "a position of an update": (
        BoundsError, st.scatter_add(W, I, 1.0), [I], ([1, -3],),
        "scatter_add of w with i: index -3 is out of bounds for an axis of size 2\n"
        "  at LINE\n"
        "  hint: indices run from 0 to the size less 1, or from -1 backwards",
    ),
    "a matrix that is not square": (
        ShapeError, st.linalg.cholesky(A), [A], (np.ones((2, 3)),),
        "a square matrix is needed, not A: float64[A.shape[0], A.shape[1]]: A.shape[0] and A.shape[1] differ "
        "(2 and 3)\n"
        "  given A: float64[2, 3]\n"
        "  at LINE\n"
        "  hint: the two sizes must be equal; is an operand transposed, or in another order than you think?",
    ),
    "a matrix that is not positive definite": (
        LinAlgError, st.linalg.cholesky(A), [A], (np.array([[1.0, 2.0], [2.0, 1.0]]),),
        "cholesky: the matrix is not positive definite\n  at LINE",
    ),
    "a singular matrix": (
        LinAlgError, st.linalg.inv(A), [A], (np.ones((2, 2)),), "solve: the matrix is singular\n  at LINE",
    ),
    "a negative size": (
        ShapeError, st.zeros((S - 1, 2)), [S], (-3,),
        "the size -1 + s of axis 0 of the result of broadcast_to is negative: -4\n  at LINE",
    ),
    "a negative size of what is not stored": (
        ShapeError, st.zeros((X.shape[0] - 2,)).sum(), [X], ([1.0],),
        "the size -2 + x.shape[0] of axis 0 of the result of broadcast_to is negative: -1\n"
        "  given x: float64[1]\n"
        "  at LINE",
    ),
    "a size that does not divide": (
        ShapeError, X.reshape((S, -1)), [X, S], (np.ones(6), 0),
        "reshaping x: float64[x.shape[0]] to [s, (x.shape[0] // s)]: x.shape[0] and s*(x.shape[0] // s) "
        "differ (6 and 0)\n"
        "  given x: float64[6]\n"
        "  at LINE\n"
        "  hint: the two sizes must be equal; is an operand transposed, or in another order than you think?",
    ),
    "named sizes that differ": (
        ShapeError, N.sum(axis=1) + K, [N, K], (np.ones((2, 3)), np.ones(3)),
        "axis 0 of k must have size n: 3 is not 2\n  at LINE",
    ),
    "another static size": (
        ShapeError, N * 2, [N], (np.ones((2, 4)),),
        "the input 'm' has size 3 along axis 1, but a value of shape (2, 4) was given\n"
        "  at LINE\n"
        "  hint: it was declared with shape=(None, 3); None takes every size",
    ),
    "another rank": (
        ShapeError, X * 2, [X], (np.ones((2, 2)),),
        "the input 'x' has 1 axis, but a value of shape (2, 2) was given\n"
        "  at LINE\n"
        "  hint: reshape it, or declare the input with more axes",
    ),
    "a number for a vector": (
        ShapeError, X * 2, [X], (1.0,),
        "the input 'x' has 1 axis, but a value of shape () was given\n"
        "  at LINE\n"
        "  hint: add axes, as in value[None, ...], or reshape it",
    ),
    "a ragged list": (
        ShapeError, A * 2, [A], ([[1.0], [1.0, 2.0]],),
        "the value of the input 'A' is no array: setting an array element with a sequence\n"
        "  at LINE\n"
        "  hint: all rows of a list must be equally long",
    ),
    "another dtype": (
        DTypeError, I * 2, [I], (np.ones(2),),
        "the input 'i' is int64, but a value of float64 was given\n"
        "  at LINE\n"
        "  hint: cast it with .astype('int64'), or compile with allow_input_downcast=True",
    ),
    "no number": (DTypeError, X * 2, [X], ("text",),
        "the input 'x' is float64, but a str was given\n"
        "  at LINE\n"
        "  hint: pass an array, a list of numbers, or a number"),
    "nothing": (DTypeError, X * 2, [X], (None,),
        "the input 'x' is float64, but a NoneType was given\n"
        "  at LINE\n"
        "  hint: pass an array, a list of numbers, or a number"),
    "a tensor": (
        TypeError, X * 2, [X], (Y,),
        "the input 'x' got a symbolic tensor, but a compiled function takes arrays\n"
        "  at LINE\n"
        "  hint: use st.substitute, or compile the expression that you mean",
    ),
    "an integer that does not fit": (
        DTypeError, J * 2, [J], ([1, 300],),
        "the input 'j' is int8, in which not all of the integers fit\n"
        "  at LINE\n"
        "  hint: it holds -128 to 127: declare a wider dtype",
    ),
    "a condition that does not hold": (
        CheckError, st.sqrt(st.check(X >= 0, "x must not be negative", X)), [X], ([1.0, -2.0],),
        "x must not be negative\n"
        "  at LINE",
    ),
    "an integer that is too large for any type": (
        DTypeError, X, [X], (10**400,),
        "the input 'x' is float64, but an int of 1329 bits was given\n"
        "  at LINE\n"
        "  hint: pass an array, a list of numbers, or a number",
    ),
    "a negative power of integers": (
        CheckError, I**S, [I, S], ([1], -1),
        "Integers to negative integer powers are not allowed: st.float_power takes them\n  at LINE",
    ),
    "a step of zero": (
        ShapeError, X[::S], [X, S], ([1.0], 0),
        "slice step cannot be zero: s of axis 0 of x: float64[x.shape[0]]\n  at LINE",
    ),
    "too few arguments": (
        TypeError, X * Y, [X, Y], ([1.0],), "the input 'y' has no value\n  hint: the inputs are ['x', 'y']",
    ),
    "too many arguments": (
        TypeError, X * 2, [X], ([1.0], [2.0]),
        "the function takes 1 inputs ['x'], but 2 were given\n"
        "  hint: shared variables are not passed; keyword arguments are name=value",
    ),
}  # fmt: skip
SAME_FACT = {  # the interpreter learns it from NumPy, native code from a check of its own
    "index 2 is out of bounds for axis 0 with size 2": (
        "take of x with i: index 2 is out of bounds for an axis of size 2"
    ),
    "index -3 is out of bounds for axis 0 with size 2": (
        "scatter_add of w with i: index -3 is out of bounds for an axis of size 2"
    ),
    "axis 0 of k must have size n = 2, but the array has 3": "axis 0 of k must have size n: 3 is not 2",
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("what", sorted(CALL))
def test_at_the_call(what: str, target: str) -> None:
    error, output, inputs, arguments, expected = CALL[what]
    function = st.compile(output, inputs, target=target)
    text = message(error, lambda: function(*arguments))
    first, *rest = text.split("\n")
    first = re.sub(r" \(LAPACK info=\d+\)$", "", first)
    assert "\n".join([SAME_FACT.get(first, first), *rest]) == expected


@pytest.mark.parametrize("target", TARGETS)
def test_keywords(target: str) -> None:
    f = st.compile(X * Y, [X, Y], target=target)
    assert (
        message(TypeError, lambda: f(z=1)) == "the function has no input named 'z'\n  hint: its inputs are ['x', 'y']"
    )
    assert message(TypeError, lambda: f([1.0], x=[1.0])) == (
        "the input 'x' is given twice, by position and by name\n  hint: inputs are ['x', 'y']"
    )


@pytest.mark.parametrize("target", TARGETS)
def test_the_line_of_a_failing_call_is_the_expressions(target: str) -> None:
    here = inspect.currentframe()
    assert here is not None
    a, b = st.matrix("a"), st.matrix("b")
    product = st.matmul(a, b)
    line = here.f_lineno - 1
    f = st.compile(product * 2, [a, b], target=target)
    assert line_of(ShapeError, lambda: f(np.ones((2, 3)), np.ones((2, 4)))) == line


@pytest.mark.parametrize("target", TARGETS)
def test_an_update_of_a_size_found_at_the_call(target: str) -> None:
    f = st.compile(None, [X], updates={W: X}, target=target)
    assert message(ShapeError, lambda: f(np.ones(3))) == (
        "axis 0 of the update of w: float64[2] has the size x.shape[0] (3 and 2)\n  given x: float64[3]\n  at LINE"
    )


@pytest.mark.parametrize("target", TARGETS)
def test_a_failing_step_of_a_loop(target: str) -> None:
    def body(i: st.Tensor, total: st.Tensor) -> st.Tensor:
        return total + st.take(X, i)

    result, _ = st.foldl(body, I, 0.0)
    f = st.compile(result, [X, I], target=target)
    text = message(BoundsError, lambda: f([1.0, 2.0], [0, 1, 5]))
    assert (
        text
        == {
            "numpy": "index 5 is out of bounds for axis 0 with size 2 (in step 2 of the loop)",
            "c": "take of x with i: index 5 is out of bounds for an axis of size 2 (in step 2 of the loop)",
        }[target]
        + "\n  at LINE\n  hint: indices run from 0 to the size less 1, or from -1 backwards"
    )


@pytest.mark.parametrize("target", TARGETS)
def test_a_step_after_an_inner_loop_fails(target: str) -> None:
    """The step is that of the loop in which the failure happens, not that of a loop which has ended."""

    def body(i: st.Tensor, total: st.Tensor) -> st.Tensor:
        inner = st.foldl(lambda x, s: s * x, X, total)[0]
        return inner + st.take(X, i + st.cast(inner * 0, "int64"))

    f = st.compile(st.foldl(body, I, 0.0)[0], [X, I], target=target)
    assert "(in step 1 of the loop)" in message(BoundsError, lambda: f([1.0, 2.0, 1.0], [0, 7]))


@pytest.mark.parametrize("target", TARGETS)
def test_an_inner_loop_that_is_cut_short(target: str) -> None:
    def body(x: st.Tensor, total: st.Tensor) -> st.Tensor:
        return st.while_loop(lambda y: y < x, lambda y: y + 1, total, max_steps=5)

    f = st.compile(st.foldl(body, X, 0.0)[0], [X], target=target)
    assert message(CheckError, lambda: f([1.0, 2.0, 9.0])) == (
        "while_loop: the loop was still running after max_steps=5 steps (in step 2 of the loop)\n  at LINE"
    )


@pytest.mark.parametrize("target", TARGETS)
def test_a_size_that_is_found_on_the_way(target: str) -> None:
    f = st.compile(st.take(X, st.flatnonzero(X)) + Y, [X, Y], target=target)
    text = message(ShapeError, lambda: f([1.0, 0.0, 2.0], [1.0]))
    assert text.replace("  given y: float64[1]\n", "") == (
        "shapes of take and y do not broadcast: count_x and y.shape[0] (2 and 1)\n"
        "  at LINE\n"
        "  hint: a size 1 broadcasts only if it is declared so, as in shape=(None, 1)"
    )
