"""The messages of random streams, solvers and ``associative_scan``, whole."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

import symtensor as st
from symtensor.errors import DTypeError, GradientError, ShapeError
from symtensor.random import Stream

# Inputs: another node, kept here, would show this line in other tests that make the same one.
X, M, V2, V3 = st.vector("x"), st.matrix("m"), st.vector("v2", shape=(2,)), st.vector("v3", shape=(3,))

CASES: dict[str, tuple[type[BaseException], Callable[[], Any], str]] = {
    "a dtype without random numbers": (
        DTypeError,
        lambda: Stream(1).normal(size=3, dtype="float16"),
        """
        normal: there are random numbers of float32 and float64, not of float16
          at LINE
          hint: draw float32 and cast with .astype
        """,
    ),
    "integers of floats": (
        DTypeError,
        lambda: Stream(1).integers(3, dtype="float32"),
        """
        integers: float32 is no dtype of integers
          at LINE
        """,
    ),
    "parameters that do not broadcast": (
        ShapeError,
        lambda: Stream(1).uniform(V2, V3),
        """
        uniform: sizes 2 and 3 do not broadcast
          at LINE
        """,
    ),
    "parameters of more axes than the size": (
        ShapeError,
        lambda: Stream(1).normal(M, size=3),
        """
        normal: parameters of 2 axes do not fit the size (3,)
          at LINE
        """,
    ),
    "parameters larger than the size": (
        ShapeError,
        lambda: Stream(1).normal(V3, size=1),
        """
        normal: parameters of shape (3,) do not fit the size (1,)
          at LINE
        """,
    ),
    "categories of a scalar": (
        ShapeError,
        lambda: Stream(1).categorical(0.5),
        """
        categorical: the probabilities must have an axis
          at LINE
        """,
    ),
    "both probabilities and logits": (
        ValueError,
        lambda: Stream(1).categorical(X, logits=X),
        "categorical: give either p or logits",
    ),
    "a residual of another shape": (
        ShapeError,
        lambda: st.root(lambda x: x[:1], V3),
        """
        root: state is float64[3], but the function returns float64[1] for it
          at LINE
        """,
    ),
    "a residual nested otherwise": (
        ShapeError,
        lambda: st.fixed_point(lambda s: s["a"], {"a": V3}),
        """
        fixed_point: the state is {'a': *}, but the function returns *
          at LINE
          hint: return one value for each part of the state
        """,
    ),
    "an empty state": (
        ShapeError,
        lambda: st.root(lambda x: x, ()),
        """
        root: the state is empty
          at LINE
        """,
    ),
    "a complex state": (
        DTypeError,
        lambda: st.root(lambda x: x, 1j),
        """
        root: the state is complex128
          at LINE
          hint: split it into real and imaginary parts
        """,
    ),
    "no steps": (
        ValueError,
        lambda: st.root(lambda x: x, 1.0, max_steps=0),
        "root: max_steps must be positive, not 0",
    ),
    "a minimum of a vector": (
        ShapeError,
        lambda: st.minimize(lambda x: x, V3),
        """
        minimize: the function must return a scalar, not float64[3]
          at LINE
          hint: sum it
        """,
    ),
    "an unknown way to minimise": (
        ValueError,
        lambda: st.minimize(lambda x: x, 1.0, method="simplex"),
        """
        minimize has no method 'simplex'
          hint: one of newton, bfgs, lbfgs
        """,
    ),
    "an unknown way to integrate": (
        ValueError,
        lambda: st.odeint(lambda y, t: y, 1.0, X, method="euler"),
        """
        odeint has no method 'euler'
          hint: one of dopri5, rk4
        """,
    ),
    "no substeps": (
        ValueError,
        lambda: st.odeint(lambda y, t: y, 1.0, X, method="rk4", substeps=0),
        "odeint: substeps must be positive, not 0",
    ),
    "times that are no vector": (
        ShapeError,
        lambda: st.odeint(lambda y, t: y, 1.0, M),
        """
        odeint: the times must be a vector, not m: float64[m.shape[0], m.shape[1]]
          at LINE
        """,
    ),
    "a running result of a scalar": (
        ShapeError,
        lambda: st.associative_scan(lambda a, b: a, 1.0),
        """
        associative_scan: each array must have at least one axis
          at LINE
        """,
    ),
    "running results of different sizes": (
        ShapeError,
        lambda: st.associative_scan(lambda a, b: a, (V2, V3)),
        """
        associative_scan: xs[1] has 3 positions, others have 2
          at LINE
        """,
    ),
    "a running result that changes its type": (
        ShapeError,
        lambda: st.associative_scan(lambda a, b: a.sum(), V3),
        """
        associative_scan: xs is float64[1] before and float64[] after the function
          at LINE
          hint: it must return what it is given, position by position
        """,
    ),
    "running results that get lost": (
        ShapeError,
        lambda: st.associative_scan(lambda a, b: a[0], (V3, V3)),
        """
        associative_scan: the function returns 1 arrays of 2
          at LINE
        """,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name: str) -> None:
    error, function, wanted = CASES[name]
    with pytest.raises(error) as caught:
        function()
    text = re.sub(re.escape(__file__) + r":\d+", "LINE", str(caught.value))
    assert text == inspect.cleandoc(wanted)


def test_too_many_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symtensor.random._STEP", 1)
    stream = Stream(1)
    stream.normal()
    with pytest.raises(ValueError, match=r"^a stream has at most 1 draws\n  hint: make another stream$"):
        stream.normal()


def test_an_equation_that_does_not_contain_what_it_is_solved_for() -> None:
    a = st.vector("a", shape=(2,))
    solution = st.root(lambda x: a * 1, V2)
    with pytest.raises(GradientError) as caught:
        st.grad(solution.x.sum(), a)
    text = re.sub(re.escape(__file__) + r":\d+", "LINE", str(caught.value))
    assert text == "the equation does not depend on what it is solved for\n  at LINE"
