"""The cost of a call: almost nothing to compute."""

from __future__ import annotations

from benchmarks.kind import Kind, normal


class PlusOne(Kind):
    title = "x + 1"
    limit = (
        "The C is an extension that knows its one signature. The dispatcher serves every function: it walks a "
        "table of arguments, asks the pool for an output, the sizes for a grain. That is about 130 instructions "
        "more, in no one place; compiling all of it as one unit won 1.5 ns."
    )
    hand = "py_plus_one"  # a C extension that takes its result from a pool: 23 ns, a function by cffi 90

    @staticmethod
    def sample(rng, dtype, n):
        return {"x": normal(rng, dtype, n)}

    @staticmethod
    def symtensor(st, x):
        return x + 1

    @staticmethod
    def numpy(np, x):
        return x + 1

    @staticmethod
    def numexpr(ne, x):
        return ne.evaluate("x + 1")

    @staticmethod
    def numba(numba, np):
        @numba.njit
        def plus_one(x):
            return x + 1

        return plus_one

    jax = torch = pytensor = symtensor


class ThreeTwo(Kind):
    """Three arguments and two results."""

    title = "a · b + c, a − c"
    limit = "As for x + 1: a dispatcher for any signature against an extension for one."
    hand = "py_three_two"

    @staticmethod
    def sample(rng, dtype, n):
        return {name: normal(rng, dtype, n) for name in "abc"}

    @staticmethod
    def symtensor(st, a, b, c):
        return a * b + c, a - c

    @staticmethod
    def numba(numba, np):
        @numba.njit
        def both(a, b, c):
            return a * b + c, a - c

        return both

    numpy = jax = torch = pytensor = symtensor
