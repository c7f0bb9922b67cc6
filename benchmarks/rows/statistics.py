"""Densities with their gradients, as samplers call them."""

from __future__ import annotations

import numpy

from benchmarks.kind import Kind, normal


class Hierarchical(Kind):
    """Varying intercepts: log-density and its gradient in all parameters.

    ``q`` holds the intercepts' deviations, their mean, the log of their scale, two slopes and the log of the noise.
    """

    title = "log-density and gradient of a hierarchical model: groups, observations"
    limit = (
        "Six kernels of a few hundred elements: gathers go lane by lane, the scatter and the check of its indices "
        "are kernels of their own."
    )
    hand = "hierarchical"

    @staticmethod
    def sample(rng, dtype, groups, n):
        return {
            "q": 0.3 * normal(rng, dtype, groups + 5),
            "group": rng.integers(0, groups, n),
            "x1": normal(rng, dtype, n),
            "x2": normal(rng, dtype, n),
            "y": normal(rng, dtype, n),
        }

    @staticmethod
    def sizes(arguments):
        return len(arguments["q"]) - 5, len(arguments["y"])

    @staticmethod
    def density(lib, q, group, x1, x2, y, n):
        a, mu, log_tau, slope1, slope2, log_sigma = q[:-5], q[-5], q[-4], q[-3], q[-2], q[-1]
        mean = mu + lib.exp(log_tau) * a[group] + slope1 * x1 + slope2 * x2
        z = (y - mean) * lib.exp(-log_sigma)
        priors = (a**2).sum() + mu**2 + log_tau**2 + slope1**2 + slope2**2 + log_sigma**2
        return -0.5 * (z**2).sum() - n * log_sigma - 0.5 * priors

    @staticmethod
    def symtensor(st, q, group, x1, x2, y):
        value = Hierarchical.density(st, q, group, x1, x2, y, y.shape[0])
        return value, st.grad(value, q)

    @staticmethod
    def numpy(np, q, group, x1, x2, y):
        a, mu, log_tau, slope1, slope2, log_sigma = q[:-5], *q[-5:]
        tau, precision = np.exp(log_tau), np.exp(-log_sigma)
        residual = a[group]
        gathered = residual.copy()
        residual = y - (mu + tau * residual + slope1 * x1 + slope2 * x2)
        z = residual * precision
        squares = z @ z
        value = -0.5 * squares - len(y) * log_sigma - 0.5 * (q @ q)
        d = z * precision
        gradient = -q
        gradient[:-5] += tau * np.bincount(group, d, len(a))
        gradient[-5:] += d.sum(), tau * (d @ gathered), d @ x1, d @ x2, squares - len(y)
        return value, gradient

    @staticmethod
    def jax(jax, q, group, x1, x2, y):
        return jax.value_and_grad(lambda q: Hierarchical.density(jax.numpy, q, group, x1, x2, y, len(y)))(q)

    @staticmethod
    def torch(torch, q, group, x1, x2, y):
        q = q.detach().requires_grad_()
        value = Hierarchical.density(torch, q, group, x1, x2, y, len(y))
        return value.detach(), torch.autograd.grad(value, q)[0]

    @staticmethod
    def pytensor(pt, q, group, x1, x2, y):
        value = Hierarchical.density(pt, q, group, x1, x2, y, y.shape[0])
        return value, pt.grad(value, q)

    @staticmethod
    def numba(numba, np):
        import math

        @numba.njit
        def density(q, group, x1, x2, y):
            k = len(q) - 5
            mu, log_tau, slope1, slope2, log_sigma = q[k], q[k + 1], q[k + 2], q[k + 3], q[k + 4]
            tau, precision = math.exp(log_tau), math.exp(-log_sigma)
            gradient, total = -q, 0.0
            for j in range(len(q)):
                total += q[j] * q[j]
            squares = dmu = dtau = d1 = d2 = 0.0
            for i in range(len(y)):
                a = q[group[i]]
                z = (y[i] - (mu + tau * a + slope1 * x1[i] + slope2 * x2[i])) * precision
                d = z * precision
                squares += z * z
                dmu += d
                dtau += d * a
                d1 += d * x1[i]
                d2 += d * x2[i]
                gradient[group[i]] += tau * d
            gradient[k] += dmu
            gradient[k + 1] += tau * dtau
            gradient[k + 2] += d1
            gradient[k + 3] += d2
            gradient[k + 4] += squares - len(y)
            return -0.5 * squares - len(y) * log_sigma - 0.5 * total, gradient

        return density


class GaussianProcess(Kind):
    """Log marginal likelihood of a Gaussian process and its gradient: Rasmussen & Williams (2006), eq. 5.8 and 5.9.

    ``theta`` holds the logs of length scale, signal and noise.
    """

    title = "Gaussian-process marginal likelihood with gradient"
    hand = "gaussian_process"
    blas = True
    tolerance = {"float32": 1e-3, "float64": 1e-8}

    @staticmethod
    def sample(rng, dtype, n, d):
        x = normal(rng, dtype, n, d)
        return {
            "x": x,
            "y": numpy.sin(x[:, 0]) + 0.1 * normal(rng, dtype, n),
            "theta": numpy.array([0.2, 0.1, -1.5], dtype),
        }

    @staticmethod
    def sizes(arguments):
        return arguments["x"].shape

    @staticmethod
    def symtensor(st, x, y, theta):
        scale, signal, noise = st.exp(theta[0]), st.exp(theta[1]), st.exp(theta[2])
        squared = ((x[:, None, :] - x[None, :, :]) ** 2).sum(axis=2)
        k = signal**2 * st.exp(-0.5 * squared / scale**2) + noise**2 * st.eye(x.shape[0])
        chol = st.linalg.cholesky(k)
        z = st.linalg.solve_triangular(chol, y, lower=True)
        value = -0.5 * (z**2).sum() - st.log(st.diagonal(chol)).sum() - 0.5 * st.log(2 * numpy.pi) * x.shape[0]
        return value, st.grad(value, theta)

    @staticmethod
    def numpy(np, x, y, theta):
        import scipy.linalg

        scale, signal, noise = np.exp(theta)
        norms = (x**2).sum(axis=1)
        squared = norms[:, None] + norms - 2 * (x @ x.T)
        smooth = signal**2 * np.exp(-0.5 * squared / scale**2)
        k = smooth.copy()
        k.flat[:: len(x) + 1] += noise**2
        factor = scipy.linalg.cho_factor(k, lower=True)
        alpha = scipy.linalg.cho_solve(factor, y)
        value = -0.5 * (y @ alpha) - np.log(np.diag(factor[0])).sum() - 0.5 * len(x) * np.log(2 * np.pi)
        slope = 0.5 * (np.outer(alpha, alpha) - scipy.linalg.cho_solve(factor, np.eye(len(x))))
        weighted = slope * smooth
        gradient = (weighted * squared).sum() / scale**2, 2 * weighted.sum(), 2 * noise**2 * np.trace(slope)
        return value, np.array(gradient)

    @staticmethod
    def jax(jax, x, y, theta):
        np = jax.numpy

        def likelihood(theta):
            scale, signal, noise = np.exp(theta)
            squared = ((x[:, None, :] - x[None, :, :]) ** 2).sum(axis=2)
            k = signal**2 * np.exp(-0.5 * squared / scale**2) + noise**2 * np.eye(len(x))
            chol = np.linalg.cholesky(k)
            z = jax.scipy.linalg.solve_triangular(chol, y, lower=True)
            return -0.5 * (z**2).sum() - np.log(np.diag(chol)).sum() - 0.5 * len(x) * np.log(2 * np.pi)

        return jax.value_and_grad(likelihood)(theta)

    @staticmethod
    def torch(torch, x, y, theta):
        theta = theta.detach().requires_grad_()
        scale, signal, noise = torch.exp(theta)
        squared = ((x[:, None, :] - x[None, :, :]) ** 2).sum(dim=2)
        k = signal**2 * torch.exp(-0.5 * squared / scale**2) + noise**2 * torch.eye(len(x), dtype=x.dtype)
        chol = torch.linalg.cholesky(k)
        z = torch.linalg.solve_triangular(chol, y[:, None], upper=False)
        value = -0.5 * (z**2).sum() - torch.log(torch.diagonal(chol)).sum() - 0.5 * len(x) * 1.8378770664093453
        return value.detach(), torch.autograd.grad(value, theta)[0]

    @staticmethod
    def pytensor(pt, x, y, theta):
        scale, signal, noise = pt.exp(theta[0]), pt.exp(theta[1]), pt.exp(theta[2])
        squared = ((x[:, None, :] - x[None, :, :]) ** 2).sum(axis=2)
        k = signal**2 * pt.exp(-0.5 * squared / scale**2) + noise**2 * pt.eye(x.shape[0])
        chol = pt.linalg.cholesky(k)
        z = pt.linalg.solve_triangular(chol, y, lower=True)
        value = -0.5 * (z**2).sum() - pt.log(pt.diag(chol)).sum() - 0.5 * x.shape[0] * numpy.log(2 * numpy.pi)
        return value, pt.grad(value, theta)
