"""Many sweeps of a stencil in one call."""

from __future__ import annotations

import numpy

from benchmarks.kind import Kind, normal


class Jacobi(Kind):
    """Jacobi's iteration for Laplace's equation: each inner point becomes the mean of its four neighbours."""

    title = "Jacobi sweeps of a stencil in one call"
    limit = (
        "Each sweep goes through the whole field: no sweeps are skewed in time, so that the field would stay in "
        "cache over several of them."
    )
    hand = "jacobi"

    @staticmethod
    def sample(rng, dtype, n, m, sweeps):
        return {"x": normal(rng, dtype, n, m), "sweeps": numpy.array(sweeps)}

    @staticmethod
    def sizes(arguments):
        return arguments["x"].shape

    @staticmethod
    def symtensor(st, x, sweeps):
        def sweep(x):
            inner = 0.25 * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:])
            return x[1:-1, 1:-1].set(inner)

        return st.fori_loop(0, sweeps, lambda _, x: sweep(x), x)

    @staticmethod
    def numpy(np, x, sweeps):
        x = x.copy()
        for _ in range(int(sweeps)):
            x[1:-1, 1:-1] = 0.25 * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:])
        return x

    @staticmethod
    def jax(jax, x, sweeps):
        def sweep(_, x):
            return x.at[1:-1, 1:-1].set(0.25 * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:]))

        return jax.lax.fori_loop(0, sweeps, sweep, x)

    @staticmethod
    def torch(torch, x, sweeps):
        x = x.clone()
        for _ in range(int(sweeps)):
            x[1:-1, 1:-1] = 0.25 * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:])
        return x

    @staticmethod
    def pytensor(pt, x, sweeps):
        import pytensor

        quarter = pt.cast(0.25, x.dtype)

        def sweep(x):
            return pt.set_subtensor(x[1:-1, 1:-1], quarter * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:]))

        return pytensor.scan(sweep, outputs_info=x, n_steps=sweeps, return_updates=False)[-1]

    @staticmethod
    def numba(numba, np):
        @numba.njit(parallel=True)
        def jacobi(x, sweeps):
            a, b = x.copy(), x.copy()
            quarter = x.dtype.type(0.25)
            for _ in range(sweeps.item()):
                for i in numba.prange(1, a.shape[0] - 1):
                    for j in range(1, a.shape[1] - 1):
                        b[i, j] = quarter * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
                a, b = b, a
            return a

        return jacobi
