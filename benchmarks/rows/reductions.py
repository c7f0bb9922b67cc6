"""Reductions along rows and columns, alone and followed by work on what they reduced."""

from __future__ import annotations

import functools

from benchmarks.kind import Kind, normal


class _Rows(Kind):
    @staticmethod
    def sample(rng, dtype, rows, columns):
        return {"x": normal(rng, dtype, rows, columns)}


class Softmax(_Rows):
    title = "row softmax"
    limit = (
        "Short rows pay for the masked vector at their end in each of three passes, and the quotient is a "
        "division, where the C multiplies by a reciprocal, which rounds twice."
    )
    hand = "softmax"

    @staticmethod
    def symtensor(st, x):
        e = st.exp(x)
        return e / e.sum(axis=1, keepdims=True)

    @staticmethod
    def numpy(np, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    @staticmethod
    def jax(jax, x):
        return jax.nn.softmax(x, axis=1)

    @staticmethod
    def torch(torch, x):
        return torch.softmax(x, dim=1)

    @staticmethod
    def pytensor(pt, x):
        return pt.special.softmax(x, axis=1)

    @staticmethod
    def numba(numba, np):
        import math

        @numba.njit(parallel=True)
        def softmax(x):
            out = np.empty_like(x)
            for i in numba.prange(x.shape[0]):
                m = x[i].max()
                total = x.dtype.type(0)
                for j in range(x.shape[1]):
                    out[i, j] = math.exp(x[i, j] - m)
                    total += out[i, j]
                for j in range(x.shape[1]):
                    out[i, j] /= total
            return out

        return softmax


class SoftmaxGradient(Kind):
    """Value, and the gradient in x of the value contracted with a slope."""

    title = "row softmax with gradient"
    hand = "softmax_gradient"

    @staticmethod
    def sample(rng, dtype, rows, columns):
        return {name: normal(rng, dtype, rows, columns) for name in ("x", "slope")}

    @staticmethod
    def sizes(arguments):
        return arguments["x"].shape

    @staticmethod
    def symtensor(st, x, slope):
        p = Softmax.symtensor(st, x)
        return p, st.grad((p * slope).sum(), x)

    @staticmethod
    def numpy(np, x, slope):
        p = Softmax.numpy(np, x)
        return p, p * (slope - (p * slope).sum(axis=1, keepdims=True))

    @staticmethod
    def jax(jax, x, slope):
        p, back = jax.vjp(functools.partial(Softmax.jax, jax), x)
        return p, back(slope)[0]

    @staticmethod
    def torch(torch, x, slope):
        x = x.detach().requires_grad_()
        p = torch.softmax(x, dim=1)
        return p.detach(), torch.autograd.grad(p, x, slope)[0]

    @staticmethod
    def pytensor(pt, x, slope):
        import pytensor

        p = pt.special.softmax(x, axis=1)
        return p, pytensor.grad((p * slope).sum(), x)


class LogSumExp(_Rows):
    title = "row logsumexp"
    hand = "logsumexp"

    @staticmethod
    def symtensor(st, x):
        return st.log(st.exp(x).sum(axis=1))

    @staticmethod
    def numpy(np, x):
        m = x.max(axis=1)
        return m + np.log(np.exp(x - m[:, None]).sum(axis=1))

    @staticmethod
    def jax(jax, x):
        return jax.nn.logsumexp(x, axis=1)

    @staticmethod
    def torch(torch, x):
        return torch.logsumexp(x, dim=1)

    @staticmethod
    def pytensor(pt, x):
        return pt.logsumexp(x, axis=1)

    @staticmethod
    def numba(numba, np):
        import math

        @numba.njit(parallel=True)
        def logsumexp(x):
            out = np.empty(x.shape[0], x.dtype)
            for i in numba.prange(x.shape[0]):
                m = x[i].max()
                total = x.dtype.type(0)
                for j in range(x.shape[1]):
                    total += math.exp(x[i, j] - m)
                out[i] = m + math.log(total)
            return out

        return logsumexp


class LayerNorm(Kind):
    """Ba, Kiros & Hinton (2016)."""

    title = "layer norm"
    hand = "layer_norm"

    @staticmethod
    def sample(rng, dtype, rows, columns):
        return {
            "x": normal(rng, dtype, rows, columns),
            "g": normal(rng, dtype, columns),
            "b": normal(rng, dtype, columns),
        }

    @staticmethod
    def symtensor(st, x, g, b):
        return (x - x.mean(axis=1, keepdims=True)) / st.sqrt(x.var(axis=1, keepdims=True) + 1e-5) * g + b

    numpy = symtensor

    @staticmethod
    def jax(jax, x, g, b):
        return (x - x.mean(axis=1, keepdims=True)) / jax.numpy.sqrt(x.var(axis=1, keepdims=True) + 1e-5) * g + b

    @staticmethod
    def torch(torch, x, g, b):
        return torch.nn.functional.layer_norm(x, x.shape[1:], g, b, 1e-5)

    @staticmethod
    def pytensor(pt, x, g, b):
        small = pt.cast(1e-5, x.dtype)
        return (x - x.mean(axis=1, keepdims=True)) / pt.sqrt(x.var(axis=1, keepdims=True) + small) * g + b

    @staticmethod
    def numba(numba, np):
        import math

        @numba.njit(parallel=True)
        def layer_norm(x, g, b):
            out = np.empty_like(x)
            n, m = x.shape
            for i in numba.prange(n):
                mean = x.dtype.type(0)
                for j in range(m):
                    mean += x[i, j]
                mean /= x.dtype.type(m)
                squares = x.dtype.type(0)
                for j in range(m):
                    squares += (x[i, j] - mean) ** 2
                scale = x.dtype.type(1 / math.sqrt(squares / m + 1e-5))
                for j in range(m):
                    out[i, j] = (x[i, j] - mean) * scale * g[j] + b[j]
            return out

        return layer_norm


class VarianceRows(_Rows):
    title = "variance along axis 1"
    hand = "variance_rows"

    @staticmethod
    def symtensor(st, x):
        return x.var(axis=1)

    numpy = jax = pytensor = symtensor

    @staticmethod
    def torch(torch, x):
        return x.var(dim=1, correction=0)

    @staticmethod
    def numba(numba, np):
        @numba.njit(parallel=True)
        def variance(x):
            n, m = x.shape
            out = np.empty(n, x.dtype)
            for i in numba.prange(n):
                mean = x.dtype.type(0)
                for j in range(m):
                    mean += x[i, j]
                mean /= x.dtype.type(m)
                squares = x.dtype.type(0)
                for j in range(m):
                    squares += (x[i, j] - mean) ** 2
                out[i] = squares / m
            return out

        return variance


class VarianceColumns(_Rows):
    title = "variance along axis 0"
    hand = "variance_columns"
    tolerance = {"float32": 3e-5, "float64": 1e-10}

    @staticmethod
    def symtensor(st, x):
        return x.var(axis=0)

    numpy = jax = pytensor = symtensor

    @staticmethod
    def torch(torch, x):
        return x.var(dim=0, correction=0)

    @staticmethod
    def numba(numba, np):
        @numba.njit
        def variance(x):
            n, m = x.shape
            mean, squares = np.zeros(m, x.dtype), np.zeros(m, x.dtype)
            for i in range(n):
                for j in range(m):
                    mean[j] += x[i, j]
            mean /= x.dtype.type(n)
            for i in range(n):
                for j in range(m):
                    squares[j] += (x[i, j] - mean[j]) ** 2
            return squares / x.dtype.type(n)

        return variance


class CrossEntropy(Kind):
    """Mean cross-entropy of log-softmax with its gradient in the logits."""

    title = "log-softmax cross-entropy with gradient"
    hand = "cross_entropy"

    @staticmethod
    def sample(rng, dtype, rows, classes):
        return {"x": normal(rng, dtype, rows, classes), "t": rng.integers(0, classes, rows)}

    @staticmethod
    def symtensor(st, x, t):
        logp = x - st.log(st.exp(x).sum(axis=1, keepdims=True))
        loss = -logp[st.arange(x.shape[0]), t].mean()
        return loss, st.grad(loss, x)

    @staticmethod
    def numpy(np, x, t):
        n = len(x)
        z = x - x.max(axis=1, keepdims=True)
        gradient = np.exp(z)
        total = gradient.sum(axis=1, keepdims=True)
        rows = np.arange(n)
        loss = (np.log(total[:, 0]) - z[rows, t]).mean()
        gradient /= total * n
        gradient[rows, t] -= 1 / n
        return loss, gradient

    @staticmethod
    def jax(jax, x, t):
        def loss(x):
            return -jax.nn.log_softmax(x, axis=1)[jax.numpy.arange(len(x)), t].mean()

        return jax.value_and_grad(loss)(x)

    @staticmethod
    def torch(torch, x, t):
        x = x.detach().requires_grad_()
        loss = torch.nn.functional.cross_entropy(x, t)
        return loss.detach(), torch.autograd.grad(loss, x)[0]

    @staticmethod
    def pytensor(pt, x, t):
        loss = -pt.special.log_softmax(x, axis=1)[pt.arange(x.shape[0]), t].mean()
        return loss, pt.grad(loss, x)

    @staticmethod
    def numba(numba, np):
        import math

        @numba.njit(parallel=True)
        def loss_and_gradient(x, t):
            n, m = x.shape
            gradient, losses = np.empty_like(x), np.empty(n, x.dtype)
            for i in numba.prange(n):
                top = x[i].max()
                total = x.dtype.type(0)
                for j in range(m):
                    gradient[i, j] = math.exp(x[i, j] - top)
                    total += gradient[i, j]
                losses[i] = math.log(total) + top - x[i, t[i]]
                scale = x.dtype.type(1 / (total * n))
                for j in range(m):
                    gradient[i, j] *= scale
                gradient[i, t[i]] -= x.dtype.type(1 / n)
            return losses.mean(), gradient

        return loss_and_gradient


class KernelSum(Kind):
    """Sum of a Gaussian kernel over all pairs of points."""

    title = "Gaussian kernel sum over all pairs, d=3"
    hand = "kernel_sum"

    @staticmethod
    def sample(rng, dtype, n, m):
        return {"x": normal(rng, dtype, n, 3), "y": normal(rng, dtype, m, 3), "w": rng.random(m, dtype=dtype)}

    @staticmethod
    def sizes(arguments):
        return len(arguments["x"]), len(arguments["y"])

    @staticmethod
    def symtensor(st, x, y, w):
        squared = ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2)
        return (st.exp(-squared / 2) * w).sum(axis=1)

    @staticmethod
    def numpy(np, x, y, w):
        squared = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * (x @ y.T)
        return np.exp(-squared / 2) @ w

    @staticmethod
    def jax(jax, x, y, w):
        squared = ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2)
        return (jax.numpy.exp(-squared / 2) * w).sum(axis=1)

    @staticmethod
    def torch(torch, x, y, w):
        squared = ((x[:, None, :] - y[None, :, :]) ** 2).sum(dim=2)
        return (torch.exp(-squared / 2) * w).sum(dim=1)

    @staticmethod
    def pytensor(pt, x, y, w):
        squared = ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2)
        return (pt.exp(-squared / 2) * w).sum(axis=1)

    @staticmethod
    def numba(numba, np):
        import math

        @numba.njit(parallel=True)
        def kernel_sum(x, y, w):
            out = np.empty(len(x), x.dtype)
            half = x.dtype.type(-0.5)
            for i in numba.prange(len(x)):
                total = x.dtype.type(0)
                for j in range(len(y)):
                    d0, d1, d2 = x[i, 0] - y[j, 0], x[i, 1] - y[j, 1], x[i, 2] - y[j, 2]
                    total += math.exp(half * (d0 * d0 + d1 * d1 + d2 * d2)) * w[j]
                out[i] = total
            return out

        return kernel_sum


class Total(_Rows):
    """One number from all: bound by memory."""

    title = "sum of squares"
    hand = "sum_of_squares"

    @staticmethod
    def symtensor(st, x):
        return (x * x).sum()

    numpy = jax = torch = pytensor = symtensor


class TransposedSoftmax(Softmax):
    """The rows of a matrix that lies in memory by columns."""

    title = "row softmax of x.T"
    hand = None

    @staticmethod
    def sample(rng, dtype, rows, columns):
        return {"x": normal(rng, dtype, columns, rows).T}
