"""Elementwise chains, and reads against the grain."""

from __future__ import annotations

import numpy

from benchmarks.kind import Kind, normal


class BlackScholes(Kind):
    """Prices of European calls and puts: Black & Scholes (1973)."""

    title = "Black-Scholes, call and put"
    limit = (
        "The error function keeps 2 ulp over the whole line, by 28 operations; the rational approximation of the "
        "C takes 15 and is less accurate."
    )
    hand = "black_scholes"
    tolerance = {"float32": 1e-5, "float64": 1e-12}

    @staticmethod
    def sample(rng, dtype, n):
        uniform = lambda low, high: (low + (high - low) * rng.random(n, dtype=dtype)).astype(dtype)
        return {
            "s": uniform(10, 50),
            "k": uniform(10, 50),
            "t": uniform(0.2, 2),
            "r": uniform(0.01, 0.1),
            "v": uniform(0.1, 0.5),
        }

    @staticmethod
    def symtensor(st, s, k, t, r, v):
        d1 = (st.log(s / k) + (r + v * v / 2) * t) / (v * st.sqrt(t))
        d2 = d1 - v * st.sqrt(t)
        cdf = lambda x: (1 + st.erf(x / 2**0.5)) / 2
        call = s * cdf(d1) - k * st.exp(-r * t) * cdf(d2)
        return call, call - s + k * st.exp(-r * t)

    @staticmethod
    def numpy(np, s, k, t, r, v):
        from scipy.special import ndtr

        d1 = (np.log(s / k) + (r + v * v / 2) * t) / (v * np.sqrt(t))
        d2 = d1 - v * np.sqrt(t)
        discounted = k * np.exp(-r * t)
        call = s * ndtr(d1) - discounted * ndtr(d2)
        return call, call - s + discounted

    @staticmethod
    def jax(jax, s, k, t, r, v):
        np, ndtr = jax.numpy, jax.scipy.special.ndtr
        d1 = (np.log(s / k) + (r + v * v / 2) * t) / (v * np.sqrt(t))
        d2 = d1 - v * np.sqrt(t)
        call = s * ndtr(d1) - k * np.exp(-r * t) * ndtr(d2)
        return call, call - s + k * np.exp(-r * t)

    @staticmethod
    def torch(torch, s, k, t, r, v):
        d1 = (torch.log(s / k) + (r + v * v / 2) * t) / (v * torch.sqrt(t))
        d2 = d1 - v * torch.sqrt(t)
        ndtr = lambda x: (1 + torch.erf(x * 0.7071067811865476)) / 2
        call = s * ndtr(d1) - k * torch.exp(-r * t) * ndtr(d2)
        return call, call - s + k * torch.exp(-r * t)

    @staticmethod
    def pytensor(pt, s, k, t, r, v):
        d1 = (pt.log(s / k) + (r + v * v / 2) * t) / (v * pt.sqrt(t))
        d2 = d1 - v * pt.sqrt(t)
        ndtr = lambda x: (
            (1 + pt.erf(x * numpy.float32(0.70710678))) / 2 if x.dtype == "float32" else (1 + pt.erf(x / 2**0.5)) / 2
        )
        call = s * ndtr(d1) - k * pt.exp(-r * t) * ndtr(d2)
        return call, call - s + k * pt.exp(-r * t)

    @staticmethod
    def numba(numba, np):
        import math

        @numba.njit(parallel=True)
        def prices(s, k, t, r, v):
            call, put = np.empty_like(s), np.empty_like(s)
            half, one, root = s.dtype.type(0.5), s.dtype.type(1), s.dtype.type(0.5**0.5)
            for i in numba.prange(len(s)):
                spread = v[i] * math.sqrt(t[i])
                d1 = (math.log(s[i] / k[i]) + (r[i] + half * v[i] * v[i]) * t[i]) / spread
                d2 = d1 - spread
                discounted = k[i] * math.exp(-r[i] * t[i])
                c = s[i] * half * (one + math.erf(d1 * root)) - discounted * half * (one + math.erf(d2 * root))
                call[i], put[i] = c, c - s[i] + discounted
            return call, put

        return prices


class Chain(Kind):
    """Twelve cheap operations."""

    title = "chain of 12 operations"
    hand = "chain"

    @staticmethod
    def sample(rng, dtype, n):
        return {name: normal(rng, dtype, n) for name in "ab"}

    @staticmethod
    def symtensor(st, a, b):
        u = a * 1.5 + b
        v = u * u - a * b
        w = abs(v) + 0.25 * u
        return w / (1 + abs(u)) - b * 0.5

    numpy = jax = torch = symtensor

    @staticmethod
    def pytensor(pt, a, b):  # a Python float would widen the whole chain to float64
        one_and_half, quarter, half = (numpy.asarray(c, a.dtype) for c in (1.5, 0.25, 0.5))
        u = a * one_and_half + b
        v = u * u - a * b
        w = abs(v) + quarter * u
        return w / (1 + abs(u)) - b * half

    @staticmethod
    def numexpr(ne, a, b):
        t = a.dtype.type
        local = {"a": a, "b": b, "p": t(1.5), "q": t(0.25), "h": t(0.5), "o": t(1)}
        text = "(abs((a*p+b)*(a*p+b) - a*b) + q*(a*p+b)) / (o + abs(a*p+b)) - b*h"
        return ne.evaluate(text, local)

    @staticmethod
    def numba(numba, np):
        @numba.njit(parallel=True)
        def chain(a, b):
            out = np.empty_like(a)
            t = a.dtype.type
            p, q, h, o = t(1.5), t(0.25), t(0.5), t(1)
            for i in numba.prange(len(a)):
                u = a[i] * p + b[i]
                v = u * u - a[i] * b[i]
                w = abs(v) + q * u
                out[i] = w / (o + abs(u)) - b[i] * h
            return out

        return chain


class StridedChain(Chain):
    """The same chain, reading every second element of one argument and another backwards."""

    title = "chain of 12 operations, inputs x[::2] and x[::-1]"
    limit = (
        "Inputs of other strides are copied by the dispatcher, then read: one pass over memory more than a kernel "
        "that reads them in place, whose text would be needed twice."
    )
    hand = "strided_chain"
    torch = None  # has no negative strides

    @staticmethod
    def sample(rng, dtype, n):
        return {"a": normal(rng, dtype, 2 * n)[::2], "b": normal(rng, dtype, n)[::-1]}


class Gelu(Kind):
    """tanh form of GELU: Hendrycks & Gimpel (2016)."""

    title = "GELU of x + bias"
    hand = "gelu"

    @staticmethod
    def sample(rng, dtype, rows, columns):
        return {"x": normal(rng, dtype, rows, columns), "b": normal(rng, dtype, columns)}

    @staticmethod
    def symtensor(st, x, b):
        z = x + b
        return 0.5 * z * (1 + st.tanh(0.7978845608 * (z + 0.044715 * z**3)))

    @staticmethod
    def jax(jax, x, b):
        z = x + b
        return 0.5 * z * (1 + jax.numpy.tanh(0.7978845608 * (z + 0.044715 * z**3)))

    numpy = torch = symtensor


class TransposedSum(Kind):
    title = "x.T + y"
    hand = "transposed_sum"

    @staticmethod
    def sample(rng, dtype, n, m):
        return {"x": normal(rng, dtype, m, n), "y": normal(rng, dtype, n, m)}

    @staticmethod
    def symtensor(st, x, y):
        return x.T + y

    numpy = jax = torch = pytensor = symtensor

    @staticmethod
    def numba(numba, np):
        @numba.njit(parallel=True)
        def add(x, y):
            out = np.empty_like(y)
            for i in numba.prange(y.shape[0]):
                for j in range(y.shape[1]):
                    out[i, j] = x[j, i] + y[i, j]
            return out

        return add
