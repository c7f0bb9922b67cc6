"""Every rule tests itself from its declaration: it fires on its own left side, and keeps the promise of its accuracy.

``exact``: the same bits on a grid with NaN, inf, signed zeros, subnormals and huge values.  ``better``: against mpmath
at no grid point more than 1 ulp worse than the left side, and strictly better somewhere.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest

import symtensor as st
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import FunctionRule, PatternRule, Rule, _kind
from symtensor.ir.rewrite import rewrite
from symtensor.ops.leaves import tensor
from symtensor.optimizer.pipeline import RULES, optimize
from symtensor.options import Options
from tests.optimizer.accuracy import exact_value, grid, rounded_value, same_bits, special_values, ulps, value
from tests.optimizer.examples import EXAMPLES

DTYPES = {"f": ("float64", "float32"), "i": ("int64", "int8"), "u": ("uint8",), "b": ("bool",)}
CONSTANTS = (2.0, 3.0, 4.0, 1.0, -2.0, 0.5, 7.0, 0.1, True, False)
AXES = (1,)
MOST_POINTS = 10_000  # of all grids of a rule that are computed to many digits; 2000 of one grid
CANCELLING = {
    "log_of_sum_of_exps", "log_of_sum_of_exp", "log_of_kept_sum_of_exp", "log_of_product",
    "log_of_mean_of_exp", "log_of_weighted_sum_of_exp", "shifted_log_softmax", "log_of_softmax",
}  # fmt: skip
"""Results near 0 of operands that are not: there an error of half an ulp of an operand is many ulp of the result."""

SHIFTED = {"log_of_difference_of_exps": "x", "log_of_product_with_exp": "y"}
"""The same, where the result is this operand plus something."""

PATTERNS = [r for r in RULES if isinstance(r, PatternRule)]
ELSEWHERE = {  # of matrices of some kind only: test_factorisations.py, test_determinants.py
    "pullback_of_density", "pullback_of_triangle", "log_of_determinant",
}  # fmt: skip
FUNCTIONS = [r for r in RULES if isinstance(r, FunctionRule) and r.name not in ELSEWHERE]


class Case(NamedTuple):
    """A left side on real tensors, what the rule makes of it, and its leaves."""

    left: Tensor
    right: Tensor
    leaves: dict[str, Tensor]


def parameters(rule: Rule) -> dict[str, str]:
    return {n: _kind(p.annotation) for n, p in inspect.signature(rule.function).parameters.items()}


def cases(rule: Rule, dtype: str, constants: tuple[Any, ...] = CONSTANTS) -> Iterator[Case]:
    """The forms of a rule on leaves of a dtype, for each constant with which it fires."""
    kinds = parameters(rule)
    row = "Attr" in kinds.values()
    numbers = [name for name, kind in kinds.items() if kind == "Const"]
    for chosen in _chosen(constants, len(numbers)):
        leaves = {
            n: tensor(n, dtype, ("m", "n") if row else ("n",)) for n, kind in kinds.items() if kind in ("", "Wild")
        }
        actual: dict[str, Any] = dict(leaves)
        for name, c in zip(numbers, chosen):
            actual[name] = st.constant(c, "bool" if isinstance(c, bool) else dtype)
        actual.update({name: AXES for name, kind in kinds.items() if kind == "Attr"})
        for name in {"count", "count_y"} & set(actual):
            actual[name] = st.as_tensor(actual["x"].shape[1], dtype)
        if "shift" in actual:
            actual["shift"] = st.max(actual["x"], axis=AXES, keepdims=True)
        leaves = {n: leaf for n, leaf in leaves.items() if n not in ("count", "count_y", "shift")}
        try:
            sides = rule.function(**actual)
        except TypeError:  # bools are not subtracted, arrays of them not negated
            continue
        for left, *_ in sides if isinstance(sides, list) else [sides]:
            (right,) = rewrite([left], [rule])
            if right is not left:
                read = set(toposort([left]))
                yield Case(left, right, {n: leaf for n, leaf in leaves.items() if leaf in read})


def _chosen(constants: tuple[Any, ...], count: int) -> list[tuple[Any, ...]]:
    """Values for the constants of a rule; the second of two is the first, or its square, root, or logarithm."""
    if count < 2:
        return [(c,) * count for c in (constants if count else (None,))]
    positive = [c for c in constants if not isinstance(c, bool) and c > 0]
    related = [lambda c: c, lambda c: c * c, lambda c: c**0.5, lambda c: float(np.log(c)), lambda c: 0.25 / c]
    return [(c, relation(c), *(c,) * (count - 2)) for relation in related for c in positive]


def all_cases(rule: Rule, constants: tuple[Any, ...] = CONSTANTS) -> Iterator[tuple[str, Case]]:
    for kind in rule.kinds:
        for dtype in DTYPES.get(kind, ()):
            for case in cases(rule, dtype, constants):
                yield dtype, case


def rows(leaves: Mapping[str, Tensor]) -> dict[Tensor, np.ndarray]:
    """Rows of numbers for rules that reduce: large, small, mixed, equal."""
    x = np.array(
        [
            [1, 2, 3],
            [-1000, -1001, -1002],
            [1000, 1000, 999],
            [0, -800, 800],
            [1e4, -1e4, 0],
            [0.5, 0.5, 0.5],
            [0, -742, 1],
        ]
    )

    def fitting(dtype: np.dtype) -> np.ndarray:
        # The product of the last row overflows.
        return np.vstack([x, np.full((1, 3), float(np.finfo(dtype).max) ** 0.4 if dtype.kind == "f" else 100)])

    return {leaf: fitting(leaf.dtype).astype(leaf.dtype) for leaf in leaves.values()}


def test_every_rule_says_why() -> None:
    assert [r.name for r in RULES if not r.doc] == []


def test_names_are_unique() -> None:
    names = [r.name for r in RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", PATTERNS, ids=repr)
def test_fires_on_its_own_left_side(rule: PatternRule) -> None:
    assert len(rule.forms) <= sum(1 for _ in all_cases(rule))


@pytest.mark.parametrize("rule", PATTERNS, ids=repr)
def test_is_reached_in_the_pipeline(rule: PatternRule) -> None:
    """Earlier rules bring expressions to a form in which later ones must still know them."""
    for _, case in all_cases(rule):
        _, trace = optimize(Graph(tuple(case.leaves.values()), (case.left,)), Options(verify=True))
        if rule.name in trace.rules():
            return
    pytest.fail(f"no form of {rule.name} is met by the pipeline: its left side is not canonical")


def _is_row(case: Case) -> bool:
    """Whether a case is about rows of matrices rather than about elements."""
    return bool(case.left.ndim) and any(leaf.ndim > 1 for leaf in case.leaves.values())


@pytest.mark.parametrize("rule", [r for r in PATTERNS if r.accuracy == "exact"], ids=repr)
def test_exact_rules_keep_all_bits(rule: PatternRule) -> None:
    for dtype, case in all_cases(rule):
        values = rows(case.leaves) if _is_row(case) else grid(case.leaves)
        left, right = value(case.left, values), value(case.right, values)
        assert left.dtype == right.dtype
        different = ~same_bits(left, right)
        if different.any():
            k = np.flatnonzero(different)[0]
            at = [v[k] for v in values.values() if len(v) > k]
            pytest.fail(f"{dtype} at {at}: {left[k]} became {right[k]}")


@pytest.mark.parametrize("rule", [r for r in PATTERNS if r.accuracy == "better"], ids=repr)
def test_better_rules_are_never_worse(rule: PatternRule) -> None:
    gained = 0
    tried = list(all_cases(rule, (2.0, 3.0, 4.0, 1.0, 0.1)))
    most = min(2000, MOST_POINTS // len(tried))
    for dtype, case in tried:
        row = _is_row(case)
        values = rows(case.leaves) if row else grid(case.leaves, most=1)
        if not row:
            _same_at_infinity(case, values, most // 5)
            values = _some(values, most)
            finite = np.all([np.isfinite(v) for v in values.values()], axis=0)
            values = {leaf: v[finite] for leaf, v in values.items()}
        compute = rounded_value if dtype == "float32" and not row else value
        exact = exact_value(case.left, values)
        floor = np.zeros(exact.shape)
        if rule.name in CANCELLING:
            floor = _scale(values, exact.shape)
        elif rule.name in SHIFTED:
            floor = np.abs(values[case.leaves[SHIFTED[rule.name]]])
        left, right = (ulps(compute(side, values), exact, floor) for side in (case.left, case.right))
        for index in map(tuple, np.argwhere(right > left + 1)):
            around = left[index] if row else _worst_around(case, values, index, compute)
            lucky = right[index] < max(min(around + 1, 3), around / 2)
            if not lucky and not (not row and _is_limit(case, values, index, compute)):
                at = [v[index] for v in values.values()]
                pytest.fail(f"{dtype} at {at}: {left[index]} ulp became {right[index]}")
        gained += int((right < left).sum())
    assert gained, "it is better nowhere"


def _with_far_numbers(array: np.ndarray, zero: str = "0") -> np.ndarray:
    """As mpmath numbers, inf as one beyond all floating-point numbers, and 0 as the number given."""
    beyond = {np.inf: mpmath.mpf("1e360"), -np.inf: -mpmath.mpf("1e360"), 0.0: mpmath.mpf(zero)}
    return np.array([beyond.get(v, mpmath.mpf(v)) for v in array.tolist()], object)


def _some(values: dict[Tensor, np.ndarray], most: int, of: int = 2000) -> dict[Tensor, np.ndarray]:
    """At most so many points of a grid: the first of those that were chosen by chance once and for all."""
    points = len(next(iter(values.values())))
    chosen = np.random.default_rng(0).choice(points, of, replace=False) if points > of else np.arange(points)
    if len(chosen) > most:
        chosen = chosen[:most] if points > of else np.random.default_rng(0).choice(points, most, replace=False)
    chosen = np.sort(chosen)
    return {leaf: v[chosen] for leaf, v in values.items()}


Compute = Callable[[Tensor, Mapping[Tensor, np.ndarray]], np.ndarray]


def _worst_around(case: Case, values: Mapping[Tensor, np.ndarray], index: tuple[int, ...], compute: Compute) -> float:
    """The largest error of the left side at a point and around it: at the point itself it may be right by luck."""
    near = {}
    for leaf, array in values.items():
        point = array[index]
        near[leaf] = np.array([point + k * 1e-3 * max(abs(point), 1e-2) for k in range(-8, 9)], array.dtype)
    exact = exact_value(case.left, near)
    return float(ulps(compute(case.left, near), exact, np.zeros(exact.shape)).max())


def _is_limit(case: Case, values: Mapping[Tensor, np.ndarray], index: tuple[int, ...], compute: Compute) -> bool:
    """Whether the left side has no value at a point, where the right side is its limit, from above or from 0."""
    at = {leaf: array[index].reshape(1) for leaf, array in values.items()}
    if not mpmath.isnan(exact_value(case.left, at)[0]) or not np.isnan(compute(case.left, at)[0]):
        return False
    above = {leaf: np.abs(v) + np.finfo(v.dtype).smallest_subnormal for leaf, v in at.items()}
    below = {leaf: np.nextafter(v, np.zeros_like(v)) for leaf, v in at.items()}
    right = compute(case.right, at)[0]
    return any(
        np.isclose(float(exact_value(case.left, beside)[0]), right, rtol=1e-12, atol=atol)
        for beside, atol in ((above, 1e-30), (below, 100 * np.finfo(case.left.dtype).eps))
    )


def _scale(values: Mapping[Tensor, np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """The magnitude of the operands, broadcast to the result."""
    arrays = [np.abs(v) for v in values.values()]
    if arrays[0].ndim > 1:
        largest = arrays[0].max(axis=1, keepdims=True)
        return np.broadcast_to(largest if len(shape) > 1 else largest[:, 0], shape)
    return np.minimum.reduce(arrays)


def _same_at_infinity(case: Case, values: Mapping[Tensor, np.ndarray], most: int) -> None:
    """At NaN and inf both sides agree; where they do not, no operand is NaN and the right side is the limit."""
    some = np.any([~np.isfinite(v) for v in values.values()], axis=0)
    values = _some({leaf: v[some] for leaf, v in values.items()}, most, 400)
    left, right = value(case.left, values), value(case.right, values)
    differ = ~np.isclose(left, right, rtol=1e-5, atol=1e-30, equal_nan=True)
    if not differ.any():
        return
    values = {leaf: v[differ] for leaf, v in values.items()}
    unknown = np.any([np.isnan(v) for v in values.values()], axis=0)
    assert np.isnan(right[differ][unknown]).all(), "a NaN got lost"
    close = np.zeros(right[differ].shape, bool)
    for zero in ("0", "1e-400"):  # at 0, or beside it
        far = {leaf: _with_far_numbers(v, zero) for leaf, v in values.items()}
        limit = np.array([float(e) for e in exact_value(case.left, far)])
        close |= np.isclose(right[differ], limit, rtol=1e-5, atol=1e-29, equal_nan=True) | (np.abs(limit) > 1e90)
    # Of several operands that grow without bound, the right side may know which comes first.
    grows = np.isinf(right[differ]) & np.isnan(left[differ])
    # 0 beside infinity has no one limit: what a rule of 0 makes of a NaN there says no less.
    arrays = list(values.values())
    vague = np.any([v == 0 for v in arrays], axis=0) & np.any([np.isinf(v) for v in arrays], axis=0)
    wrong = np.flatnonzero(~close & ~grows & ~unknown & ~(vague & np.isnan(left[differ])))
    if wrong.size:
        at = [v[wrong[0]] for v in values.values()]
        pytest.fail(f"at {at}: {left[differ][wrong[0]]} became {right[differ][wrong[0]]}")


# ------------------------------------------------------------------------------------------------------- rewriters
def test_every_rewriter_has_an_example() -> None:
    assert sorted(r.name for r in FUNCTIONS) == sorted(EXAMPLES)


@pytest.mark.parametrize("rule", FUNCTIONS, ids=repr)
def test_rewriters_keep_all_bits(rule: FunctionRule) -> None:
    assert rule.accuracy == "exact"
    for build in EXAMPLES[rule.name]:
        before, leaves = build()
        (after,) = rewrite([before], [rule], verify=True)
        assert after is not before, "it does not fire on its example"
        assert after.type == before.type
        values = {leaf: fill(leaf) for leaf in leaves}
        left, right = value(before, values), value(after, values)
        assert same_bits(left, right).all()


def fill(leaf: Tensor) -> np.ndarray:
    """Hard values in the leaf's shape; its symbolic sizes become 4."""
    shape = tuple(s if isinstance(s, int) else 4 for s in leaf.shape)
    hard = special_values(leaf.dtype)
    return np.resize(hard[:: max(1, len(hard) // 23)], shape)
