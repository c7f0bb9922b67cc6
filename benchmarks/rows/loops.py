"""Loops over time: forward, and with gradients."""

from __future__ import annotations

import numpy

from benchmarks.kind import Kind, normal

STEPS = 10_000  # of the loops that JAX must know the length of when it compiles


class RungeKutta(Kind):
    """The classical Runge-Kutta method for Lorenz's (1963) equations; steps so small that chaos stays out."""

    title = "Runge-Kutta, steps"
    hand = "runge_kutta"

    @staticmethod
    def sample(rng, dtype, steps):
        return {
            "s0": normal(rng, dtype, 3),
            "theta": numpy.array([10, 28, 8 / 3], dtype),
            "h": numpy.array(1 / steps, dtype),
            "n": numpy.array(steps),
        }

    @staticmethod
    def sizes(arguments):
        return ()

    @staticmethod
    def step(stack, s, h, theta):
        def slope(s):
            x, y, z = s[0], s[1], s[2]
            return stack([theta[0] * (y - x), x * (theta[1] - z) - y, x * y - theta[2] * z])

        k1 = slope(s)
        k2 = slope(s + h / 2 * k1)
        k3 = slope(s + h / 2 * k2)
        k4 = slope(s + h * k3)
        return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    @staticmethod
    def symtensor(st, s0, theta, h, n):
        path, _ = st.scan(
            lambda s, h, theta: RungeKutta.step(st.stack, s, h, theta),
            outputs_info=s0,
            non_sequences=[h, theta],
            n_steps=n,
        )
        return path

    @staticmethod
    def numpy(np, s0, theta, h, n):
        path, s = np.empty((int(n), 3), s0.dtype), s0
        for i in range(int(n)):
            path[i] = s = RungeKutta.step(np.array, s, h, theta)
        return path

    @staticmethod
    def jax(jax, s0, theta, h, n, wrap=lambda step: step):
        def step(s, _):
            s = RungeKutta.step(jax.numpy.stack, s, h, theta)
            return s, s

        return jax.lax.scan(wrap(step), s0, None, length=STEPS)[1]

    @staticmethod
    def torch(torch, s0, theta, h, n):
        path, s = torch.empty((int(n), 3), dtype=s0.dtype), s0
        for i in range(int(n)):
            s = RungeKutta.step(torch.stack, s, h, theta)
            path[i] = s
        return path

    torch_compile = None  # unrolls every step: a thousand already take minutes

    @staticmethod
    def pytensor(pt, s0, theta, h, n):
        import pytensor

        return pytensor.scan(
            lambda s, h, theta: RungeKutta.step(pt.stack, s, h, theta),
            outputs_info=s0,
            non_sequences=[h, theta],
            n_steps=n,
            return_updates=False,
        )

    @staticmethod
    def numba(numba, np):
        @numba.njit
        def slope(x, y, z, t):
            return t[0] * (y - x), x * (t[1] - z) - y, x * y - t[2] * z

        @numba.njit
        def integrate(s0, theta, h, n):
            n, h = n.item(), h.item()
            path = np.empty((n, 3), s0.dtype)
            x, y, z = s0[0], s0[1], s0[2]
            for i in range(n):
                a0, a1, a2 = slope(x, y, z, theta)
                b0, b1, b2 = slope(x + h / 2 * a0, y + h / 2 * a1, z + h / 2 * a2, theta)
                c0, c1, c2 = slope(x + h / 2 * b0, y + h / 2 * b1, z + h / 2 * b2, theta)
                d0, d1, d2 = slope(x + h * c0, y + h * c1, z + h * c2, theta)
                x += h / 6 * (a0 + 2 * b0 + 2 * c0 + d0)
                y += h / 6 * (a1 + 2 * b1 + 2 * c1 + d1)
                z += h / 6 * (a2 + 2 * b2 + 2 * c2 + d2)
                path[i, 0], path[i, 1], path[i, 2] = x, y, z
            return path

        return integrate


class RungeKuttaGradient(RungeKutta):
    """With the gradient, in start and parameters, of the path contracted with weights."""

    title = "Runge-Kutta with gradient, steps"
    hand = "runge_kutta_gradient"
    numba = None

    @staticmethod
    def sample(rng, dtype, steps):
        return {**RungeKutta.sample(rng, dtype, steps), "weights": normal(rng, dtype, steps, 3)}

    @staticmethod
    def symtensor(st, s0, theta, h, n, weights):
        path = RungeKutta.symtensor(st, s0, theta, h, n)
        return path, *st.grad((path * weights).sum(), [s0, theta, h])

    @staticmethod
    def numpy(np, s0, theta, h, n, weights):
        """By hand, backwards through the stages of each step."""
        path = RungeKutta.numpy(np, s0, theta, h, n)

        def slope(s):
            x, y, z = s
            return np.array([theta[0] * (y - x), x * (theta[1] - z) - y, x * y - theta[2] * z])

        def vjp(s, d):
            nonlocal d_theta
            x, y, z = s
            d_theta += np.array([(y - x) * d[0], x * d[1], -z * d[2]])
            return np.array(
                [
                    (theta[1] - z) * d[1] - theta[0] * d[0] + y * d[2],
                    theta[0] * d[0] - d[1] + x * d[2],
                    -x * d[1] - theta[2] * d[2],
                ]
            )

        c, d_theta, dh = np.zeros_like(s0), np.zeros_like(theta), 0 * h
        for i in reversed(range(int(n))):
            s = path[i - 1] if i else s0
            c = c + weights[i]
            k1 = slope(s)
            k2 = slope(s + h / 2 * k1)
            k3 = slope(s + h / 2 * k2)
            k4 = slope(s + h * k3)
            dh += c @ (k1 + 2 * k2 + 2 * k3 + k4) / 6
            d4 = vjp(s + h * k3, h / 6 * c)
            dh += k3 @ d4
            d3 = vjp(s + h / 2 * k2, h * d4 + h / 3 * c)
            dh += k2 @ d3 / 2
            d2 = vjp(s + h / 2 * k1, h / 2 * d3 + h / 3 * c)
            dh += k1 @ d2 / 2
            c = c + d4 + d3 + d2 + vjp(s, h / 2 * d2 + h / 6 * c)
        return path, c, d_theta, np.asarray(dh)

    @staticmethod
    def jax(jax, s0, theta, h, n, weights, wrap=lambda step: step):
        def run(s0, theta, h):
            path = RungeKutta.jax(jax, s0, theta, h, n, wrap)
            return (path * weights).sum(), path

        (_, path), gradients = jax.value_and_grad(run, (0, 1, 2), has_aux=True)(s0, theta, h)
        return path, *gradients

    @staticmethod
    def jax_hinted(jax, s0, theta, h, n, weights):
        """The hint that its user must know: recompute the step in the backward pass."""
        return RungeKuttaGradient.jax(jax, s0, theta, h, n, weights, jax.checkpoint)

    @staticmethod
    def torch(torch, s0, theta, h, n, weights):
        given = [value.detach().requires_grad_() for value in (s0, theta, h)]
        path = RungeKutta.torch(torch, *given, n)
        return path.detach(), *torch.autograd.grad((path * weights).sum(), given)

    @staticmethod
    def pytensor(pt, s0, theta, h, n, weights):
        path = RungeKutta.pytensor(pt, s0, theta, h, n)
        return path, *pt.grad((path * weights).sum(), [s0, theta, h])


class Logistic(Kind):
    """The logistic map's last value, and its gradients in start and rate.

    At rate 3, where the period doubles first, the gradient neither explodes nor underflows.
    """

    title = "logistic map with gradient, steps"
    hand = "logistic"

    @staticmethod
    def sample(rng, dtype, steps):
        return {"x": numpy.array(0.3, dtype), "r": numpy.array(3.0, dtype), "n": numpy.array(steps)}

    @staticmethod
    def sizes(arguments):
        return ()

    @staticmethod
    def symtensor(st, x, r, n):
        path, _ = st.scan(lambda x, r: r * x * (1 - x), outputs_info=x, non_sequences=r, n_steps=n)
        return path[-1], *st.grad(path[-1], [x, r])

    @staticmethod
    def numpy(np, x, r, n):
        path = [x]
        for _ in range(int(n)):
            path.append(r * path[-1] * (1 - path[-1]))
        dx, dr = r * 0 + 1, r * 0
        for x in reversed(path[:-1]):
            dr += dx * x * (1 - x)
            dx = dx * r * (1 - 2 * x)
        return path[-1], np.asarray(dx), np.asarray(dr)

    @staticmethod
    def jax(jax, x, r, n):
        def run(x, r):
            return jax.lax.scan(lambda x, _: (r * x * (1 - x), None), x, None, length=STEPS)[0]

        value, gradients = jax.value_and_grad(run, (0, 1))(x, r)
        return value, *gradients

    @staticmethod
    def pytensor(pt, x, r, n):
        import pytensor

        one = pt.cast(1, x.dtype)
        path = pytensor.scan(
            lambda x, r: r * x * (one - x), outputs_info=x, non_sequences=r, n_steps=n, return_updates=False
        )
        return path[-1], *pt.grad(path[-1], [x, r])

    @staticmethod
    def numba(numba, np):
        @numba.njit
        def logistic(x, r, n):
            n, r = n.item(), r.item()
            path = np.empty(n + 1)
            path[0] = x.item()
            for i in range(n):
                path[i + 1] = r * path[i] * (1 - path[i])
            dx, dr = 1.0, 0.0
            for i in range(n - 1, -1, -1):
                dr += dx * path[i] * (1 - path[i])
                dx *= r * (1 - 2 * path[i])
            return path[n], dx, dr

        return logistic


class Kalman(Kind):
    """Log-likelihood of a local linear trend and its gradient in the logs of three variances: Kalman (1960).

    The state is level and slope; ``y`` observes the level.  The covariance starts as the identity, the state at 0.
    """

    title = "Kalman filter's log-likelihood with gradient, steps"
    hand = "kalman"

    @staticmethod
    def sample(rng, dtype, steps):
        return {"y": normal(rng, dtype, steps).cumsum() * 0.1, "theta": numpy.array([-1, -2, -0.5], dtype)}

    @staticmethod
    def step(log, y, m0, m1, p00, p01, p11, value, q0, q1, r):
        """One prediction and correction: scalars or scalar tensors."""
        m0 = m0 + m1
        p00 = p00 + 2 * p01 + p11 + q0
        p01 = p01 + p11
        p11 = p11 + q1
        s, e = p00 + r, y - m0
        g0, g1 = p00 / s, p01 / s
        value = value - 0.5 * (log(s) + e * e / s)
        return m0 + g0 * e, m1 + g1 * e, p00 - g0 * p00, p01 - g0 * p01, p11 - g1 * p01, value

    @staticmethod
    def symtensor(st, y, theta):
        q0, q1, r = (st.exp(theta[k]) for k in range(3))
        zero, one = 0 * q0, 0 * q0 + 1
        states, _ = st.scan(
            lambda *a: Kalman.step(st.log, *a),
            sequences=y,
            outputs_info=[zero, zero, one, zero, one, zero],
            non_sequences=[q0, q1, r],
        )
        value = states[-1][-1]
        return value, st.grad(value, theta)

    @staticmethod
    def numpy(np, y, theta):
        """By dual numbers: value and three derivatives travel together."""
        import math

        def start(value, slot=None):
            dual = np.zeros(4, theta.dtype)
            dual[0] = value
            if slot is not None:
                dual[slot + 1] = value  # d exp(t)/dt
            return dual

        def times(a, b):
            out = a[0] * b
            out[1:] += a[1:] * b[0]
            return out

        def over(a, b):
            out = a / b[0]
            out[1:] -= out[0] / b[0] * b[1:]
            return out

        q0, q1, r = (start(math.exp(t), k) for k, t in enumerate(theta))
        m0, m1, p00, p01, p11, value = start(0), start(0), start(1), start(0), start(1), start(0)
        for y_t in y:
            m0 = m0 + m1
            p00 = p00 + 2 * p01 + p11 + q0
            p01 = p01 + p11
            p11 = p11 + q1
            s, e = p00 + r, start(y_t) - m0
            g0, g1 = over(p00, s), over(p01, s)
            log_s = s / s[0]
            log_s[0] = math.log(s[0])
            value = value - 0.5 * (log_s + over(times(e, e), s))
            m0, m1 = m0 + times(g0, e), m1 + times(g1, e)
            p00, p01, p11 = p00 - times(g0, p00), p01 - times(g0, p01), p11 - times(g1, p01)
        return value[0], value[1:]

    @staticmethod
    def jax(jax, y, theta, wrap=lambda step: step):
        np = jax.numpy

        def likelihood(theta):
            q0, q1, r = np.exp(theta)
            zero, one = np.zeros((), theta.dtype), np.ones((), theta.dtype)
            step = wrap(lambda state, y: (Kalman.step(np.log, y, *state, q0, q1, r), None))
            return jax.lax.scan(step, (zero, zero, one, zero, one, zero), y)[0][-1]

        return jax.value_and_grad(likelihood)(theta)

    @staticmethod
    def jax_hinted(jax, y, theta):
        return Kalman.jax(jax, y, theta, jax.checkpoint)

    @staticmethod
    def pytensor(pt, y, theta):
        import pytensor

        q0, q1, r = (pt.exp(theta[k]) for k in range(3))
        zero, one = 0 * q0, 0 * q0 + 1
        states = pytensor.scan(
            lambda *a: Kalman.step(pt.log, *a),
            sequences=y,
            outputs_info=[zero, zero, one, zero, one, zero],
            non_sequences=[q0, q1, r],
            return_updates=False,
        )
        value = states[-1][-1]
        return value, pt.grad(value, theta)


class HiddenMarkov(Kind):
    """The forward algorithm in logarithms: log-likelihood and gradient in the log transition matrix (Rabiner, 1989)."""

    title = "HMM forward algorithm with gradient: steps, states"
    limit = (
        "The C keeps the exponentials of the transition matrix of each step for the way back; here they are "
        "computed again, as storing them takes the memory of the states as many times as there are states."
    )
    hand = "hidden_markov"

    @staticmethod
    def sample(rng, dtype, steps, states):
        rows = normal(rng, dtype, states, states)
        return {
            "e": normal(rng, dtype, steps, states) - 1,  # log-probability of what was seen, in each state
            "a": rows - numpy.log(numpy.exp(rows).sum(axis=1, keepdims=True)),
        }

    @staticmethod
    def sizes(arguments):
        return arguments["e"].shape

    @staticmethod
    def symtensor(st, e, a):
        alphas, _ = st.scan(
            lambda e, alpha, a: st.logsumexp(alpha[:, None] + a, axis=0) + e,
            sequences=e[1:],
            outputs_info=e[0],
            non_sequences=a,
        )
        value = st.logsumexp(alphas[-1], axis=0)
        return value, st.grad(value, a)

    @staticmethod
    def numpy(np, e, a):
        def logsumexp(x, axis):
            top = x.max(axis=axis, keepdims=True)
            return np.log(np.exp(x - top).sum(axis=axis)) + np.squeeze(top, axis)

        alphas = [e[0]]
        for row in e[1:]:
            alphas.append(logsumexp(alphas[-1][:, None] + a, 0) + row)
        value = logsumexp(alphas[-1], 0)
        d, gradient = np.exp(alphas[-1] - value), np.zeros_like(a)
        for t in reversed(range(len(e) - 1)):
            weights = np.exp(alphas[t][:, None] + a + e[t + 1] - alphas[t + 1]) * d
            gradient += weights
            d = weights.sum(axis=1)
        return np.asarray(value), gradient

    @staticmethod
    def jax(jax, e, a, wrap=lambda step: step):
        def likelihood(a):
            step = wrap(lambda alpha, e: (jax.nn.logsumexp(alpha[:, None] + a, axis=0) + e, None))
            return jax.nn.logsumexp(jax.lax.scan(step, e[0], e[1:])[0])

        return jax.value_and_grad(likelihood)(a)

    @staticmethod
    def jax_hinted(jax, e, a):
        return HiddenMarkov.jax(jax, e, a, jax.checkpoint)

    @staticmethod
    def torch(torch, e, a):
        a = a.detach().requires_grad_()
        alpha = e[0]
        for row in e[1:]:
            alpha = torch.logsumexp(alpha[:, None] + a, dim=0) + row
        value = torch.logsumexp(alpha, dim=0)
        return value.detach(), torch.autograd.grad(value, a)[0]

    torch_compile = None  # unrolls every step

    @staticmethod
    def pytensor(pt, e, a):
        import pytensor

        alphas = pytensor.scan(
            lambda e, alpha, a: pt.logsumexp(alpha[:, None] + a, axis=0) + e,
            sequences=e[1:],
            outputs_info=e[0],
            non_sequences=a,
            return_updates=False,
        )
        value = pt.logsumexp(alphas[-1])
        return value, pt.grad(value, a)


class RungeKuttaWhile(RungeKutta):
    """The same path by a loop that ends by a condition, which no step fulfils before the last."""

    title = "Runge-Kutta by a loop with a condition, steps"
    jax = torch = pytensor = None

    @staticmethod
    def symtensor(st, s0, theta, h, n):
        path, _ = st.scan(
            lambda s, h, theta: RungeKutta.step(st.stack, s, h, theta),
            outputs_info=s0,
            non_sequences=[h, theta],
            n_steps=n,
            until=lambda s: s[0] > 1e6,
        )
        return path


class LogisticWhile(Logistic):
    """The same by ``while_loop``."""

    title = "logistic map by a while loop with gradient, steps"
    jax = pytensor = None

    @staticmethod
    def symtensor(st, x, r, n):
        end, _ = st.while_loop(lambda x, k: k < n, lambda x, k: (r * x * (1 - x), k + 1), (x, 0))
        return end, *st.grad(end, [x, r])


class LongGradient(Kind):
    """The gradient of the last of many states in the first one and a rate, of a loop that stores them all."""

    title = "gradient of a long loop: steps, elements of the state"

    @staticmethod
    def sample(rng, dtype, steps, elements):
        return {"s": normal(rng, dtype, elements), "rate": numpy.array(0.5, dtype), "n": numpy.array(steps)}

    @staticmethod
    def sizes(arguments):
        return ()

    @staticmethod
    def step(sin, s, rate):
        return s + 1e-4 * sin(s * rate)

    @staticmethod
    def symtensor(st, s, rate, n, checkpoint=None):
        states, _ = st.scan(
            lambda s, rate: LongGradient.step(st.sin, s, rate),
            outputs_info=s,
            non_sequences=rate,
            n_steps=n,
            checkpoint=checkpoint,
        )
        total = states[-1].sum()
        return total, *st.grad(total, [s, rate])

    @staticmethod
    def numpy(np, s, rate, n):
        path = [s]
        for _ in range(int(n)):
            path.append(LongGradient.step(np.sin, path[-1], rate))
        ds, d_rate = np.ones_like(s), 0 * rate
        for s in reversed(path[:-1]):
            slope = 1e-4 * np.cos(s * rate) * ds
            d_rate = d_rate + (slope * s).sum()
            ds = ds + slope * rate
        return np.asarray(path[-1].sum()), ds, np.asarray(d_rate)


class LongGradientCheckpointed(LongGradient):
    """The same with ``checkpoint="sqrt"``: at most 2 % of the memory, at most 2.2 times the time."""

    title = "gradient of a long loop with checkpoints: steps, elements of the state"

    @staticmethod
    def symtensor(st, s, rate, n):
        return LongGradient.symtensor(st, s, rate, n, checkpoint="sqrt")
