"""Run the same text on NumPy arrays and on tensors, and compare: what most tests of public functions do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import symtensor as st
from symtensor.ops.reference import evaluate


def agree(function: Callable[..., Any], *arrays: Any, reference: Callable[..., Any] | None = None) -> None:
    """Fail unless ``function`` of symbolic arrays of unknown sizes evaluates to ``reference`` of the arrays.

    Without a reference the function itself is called on the arrays.  Values, shapes and dtypes must be equal.
    """
    arrays = tuple(map(np.asarray, arrays))
    inputs = [st.tensor(f"x{k}", a.dtype, (None,) * a.ndim) for k, a in enumerate(arrays)]
    got = function(*inputs)
    want = (reference or function)(*arrays)
    several = isinstance(got, (tuple, list))
    outputs = [st.as_tensor(g) for g in (got if several else [got])]
    wanted = list(want) if several else [want]
    assert len(outputs) == len(wanted)
    for value, expected in zip(evaluate(outputs, dict(zip(inputs, arrays))), wanted):
        expected = np.asarray(expected)
        assert value.shape == expected.shape
        assert value.dtype == expected.dtype
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)
