"""Random streams: ``Stream(seed)`` draws numbers inside of compiled functions.

A draw is a pure function of the stream's key (its seed), of a counter that goes up by one with each call of a compiled
function, of the number of the draw within the stream, of the step of each loop around it, and of the element's index.
So it needs no state while a function runs, and its bits are the same on every target and for any number of threads.

Stands on ``symtensor.ops.random_bits``, which turns those numbers into random bits.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import DTypeError, ShapeError, located
from symtensor.function.variables import SharedVariable, shared
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, caller_sites
from symtensor.ir.size import SizeLike
from symtensor.ops.creation import iota
from symtensor.ops.cumulative import cumsum
from symtensor.ops.declare import as_tensor, broadcast_shapes, cast, constant, promoted
from symtensor.ops.elementwise import less, less_equal
from symtensor.ops.functions import exp
from symtensor.ops.movement import expand_dims, moveaxis, reshape
from symtensor.ops.random_bits import (
    UINT64,
    UNIT,
    box_muller,
    location_scale,
    multiply_high,
    philox_high,
    philox_low,
)
from symtensor.ops.reduction import max as largest
from symtensor.ops.reduction import sum as total_of
from symtensor.ops.shapes import as_shape, normal_axis
from symtensor.ops.tracing import current_steps

DRAWS = 1 << 20
"""Most draws of one stream; the counter has the other 44 of 64 bits."""
_STEP = DRAWS - 1  # the number that stands for going into a step of a loop, and for no draw

Shape = tuple[SizeLike, ...]


class Stream:
    """A source of random numbers for symbolic expressions.

    Each method makes a draw: an expression that has a new value in each call of a compiled function, and, where it is
    made inside of the function of a loop, in each step.  Used twice, a draw is the same both times; two draws are
    independent.  ``compile`` moves the stream on by itself (see ``default_update`` of shared variables).

    The generator is Philox 4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011).

    Args:
        seed: streams of one seed draw the same numbers; taken from the operating system if not given.

    Attributes:
        key: shared uint64 scalar, the seed.
        counter: shared uint64 scalar, how many calls have drawn.

    >>> import symtensor as st
    >>> stream = st.random.Stream(1)
    >>> f = st.compile(stream.normal(size=3), target="numpy")
    >>> f().shape, bool((f() == f()).any())
    ((3,), False)
    """

    def __init__(self, seed: int | None = None) -> None:
        self._draws = itertools.count()
        self.key: SharedVariable = shared(_key(seed), "random_key")
        self.counter: SharedVariable = shared(np.zeros((), "uint64"), "random_counter")
        self.counter.default_update = self.counter + 1

    @property
    def updates(self) -> dict[Tensor, Tensor]:
        """What ``compile`` does by itself, for those who pass all updates on their own."""
        return {self.counter: self.counter + 1}

    def seed(self, seed: int | None = None) -> None:
        """Begin anew with another seed; functions that are compiled already follow."""
        self.set_state((int(_key(seed)), 0))

    def get_state(self) -> tuple[int, int]:
        """Key and counter: all that decides what is drawn next."""
        return int(self.key.get_value()), int(self.counter.get_value())

    def set_state(self, state: tuple[int, int]) -> None:
        """Go back (or on) to a state that ``get_state`` gave."""
        key, counter = state
        self.key.set_value(np.uint64(key))
        self.counter.set_value(np.uint64(counter))

    def __repr__(self) -> str:
        key, counter = self.get_state()
        return f"Stream(key={key}, counter={counter})"

    # ------------------------------------------------------------------------------------------------------ draws
    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None, dtype: Any = None) -> Tensor:
        """Uniform on the multiples of 2**-53 (2**-24 for float32) in [0, 1), then scaled to [low, high).

        Args:
            low: smallest value.
            high: bound that is not reached but by rounding.
            size: shape; by default that of ``low`` and ``high`` together.
            dtype: float32 or float64; by default that of ``low`` and ``high``.

        Returns:
            A tensor; gradients flow into ``low`` and ``high``.

        >>> import symtensor as st
        >>> st.random.Stream(1).uniform(-1, 1, size=(2, 3)).type
        float64[2, 3]
        """
        shape, dtype, (low, high) = self._arguments("uniform", size, dtype, low, high)
        unit = UNIT[dtype](self._bits(shape)[0])
        return _scaled(unit, low, high - low)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: Any = None) -> Tensor:
        """Normal, as ``loc + scale * noise`` with noise by Box and Muller (at most 8.6, 5.8 for float32).

        Args:
            loc: mean.
            scale: standard deviation.
            size: shape; by default that of ``loc`` and ``scale`` together.
            dtype: float32 or float64; by default that of ``loc`` and ``scale``.

        Returns:
            A tensor; gradients flow into ``loc`` and ``scale``.

        >>> import symtensor as st
        >>> mean = st.fvector("mean")
        >>> st.random.Stream(1).normal(mean, 0.1).dtype
        dtype('float32')
        """
        shape, dtype, (loc, scale) = self._arguments("normal", size, dtype, loc, scale)
        low, high = self._bits(shape)
        return _scaled(box_muller(1 - UNIT[dtype](low), UNIT[dtype](high)), loc, scale)

    def bernoulli(self, p: Any = 0.5, size: Any = None, dtype: Any = "bool") -> Tensor:
        """True with a probability.

        Args:
            p: the probability.
            size: shape; by default that of ``p``.
            dtype: of the result, in which true is 1.

        >>> import symtensor as st
        >>> st.random.Stream(1).bernoulli(0.1, size=3, dtype="float32").type
        float32[3]
        """
        shape, kind, (p,) = self._arguments("bernoulli", size, None, p)
        return cast(less(UNIT[kind](self._bits(shape)[0]), p), dtype)

    def integers(
        self, low: Any, high: Any = None, size: Any = None, dtype: Any = "int64", endpoint: bool = False
    ) -> Tensor:
        """Integers from ``low`` up to but without ``high``, or from 0 up to ``low`` if ``high`` is not given.

        The probabilities of n values differ from 1/n by less than 2**-64.

        Args:
            low: the least integer, or the bound.
            high: the bound, larger than ``low``.
            size: shape; by default that of the bounds.
            dtype: an integer dtype.
            endpoint: whether the bound itself may be drawn.

        Raises:
            DTypeError: if the dtype is none of integers.

        >>> import symtensor as st
        >>> st.random.Stream(1).integers(6, size=10).type
        int64[10]
        """
        dtype = dtypes.as_dtype(dtype)
        if dtype.kind not in "iu":
            raise DTypeError(located(f"integers: {dtype} is no dtype of integers", caller_sites()))
        first, last = (0, low) if high is None else (low, high)
        kind = dtypes.INT64 if dtype.kind == "i" else UINT64
        start, stop = cast(as_tensor(first), kind), cast(as_tensor(last), kind)
        shape = self._shape("integers", size, [start.shape, stop.shape])
        count = cast(stop - start, UINT64) + (1 if endpoint else 0)
        offset = multiply_high(self._bits(shape)[0], count)
        return cast(cast(offset, kind) + start, dtype)

    def categorical(
        self, p: Any = None, *, logits: Any = None, size: Any = None, axis: int = -1, dtype: Any = "int64"
    ) -> Tensor:
        """Indices along an axis, each with its probability, by inverting the distribution function.

        Args:
            p: probabilities; need not sum to 1.
            logits: their logarithms up to a constant, in place of ``p``.
            size: shape; by default that of ``p`` without the axis.
            axis: along which the categories lie.
            dtype: of the indices.

        Raises:
            ValueError: if not exactly one of ``p`` and ``logits`` is given.
            ShapeError: if there is no axis of categories.

        >>> import symtensor as st
        >>> st.random.Stream(1).categorical([0.2, 0.3, 0.5], size=10).type
        int64[10]
        """
        if (p is None) == (logits is None):
            raise ValueError("categorical: give either p or logits")
        weights = as_tensor(p if logits is None else logits)
        weights = cast(weights, dtypes.inexact(weights.dtype))
        if not weights.ndim:
            raise ShapeError(located("categorical: the probabilities must have an axis", caller_sites()))
        weights = moveaxis(weights, normal_axis(axis, weights.ndim), -1)
        if logits is not None:
            weights = exp(weights - largest(weights, -1, keepdims=True))
        reached = cumsum(weights, -1)
        total = reached[..., -1]
        shape = self._shape("categorical", size, [total.shape])
        level = UNIT[_random_dtype("categorical", weights.dtype)](self._bits(shape)[0]) * total
        # Below the total even after rounding, and never at a category of probability 0.
        return total_of(cast(less_equal(reached, expand_dims(level, level.ndim)), dtype), -1, dtypes.as_dtype(dtype))

    # ----------------------------------------------------------------------------------------------------- inside
    def _bits(self, shape: Shape) -> tuple[Tensor, Tensor]:
        """128 random bits for each element of a new draw."""
        draw = next(self._draws)
        if draw >= _STEP:
            raise ValueError(f"a stream has at most {_STEP} draws\n  hint: make another stream")
        key, counter = self._position()
        count = sz.product(shape)
        element = reshape(iota(count, UINT64), shape) if shape else constant(0, UINT64)
        high = counter * DRAWS + draw
        return philox_low(element, high, key), philox_high(element, high, key)

    def _position(self) -> tuple[Tensor, Tensor]:
        """Key and counter here: in the step of a loop, those that the step's number leads to."""
        key: Tensor = self.key
        counter: Tensor = self.counter
        for step in current_steps():
            number, high = cast(step, UINT64), counter * DRAWS + _STEP
            key, counter = philox_high(number, high, key), philox_low(number, high, key)
        return key, counter

    def _arguments(self, name: str, size: Any, dtype: Any, *given: Any) -> tuple[Shape, np.dtype, list[Tensor]]:
        """Shape and dtype of a draw, and its parameters as tensors of that dtype."""
        dtype = dtypes.inexact(promoted(given)) if dtype is None else dtypes.as_dtype(dtype)
        dtype = _random_dtype(name, dtype)
        parameters = [as_tensor(g, dtype) for g in given]
        return self._shape(name, size, [p.shape for p in parameters]), dtype, parameters

    def _shape(self, name: str, size: Any, parameters: Sequence[Shape]) -> Shape:
        """The shape of a draw.

        Raises:
            ShapeError: if the parameters do not broadcast to the size.
        """
        try:
            shape, _ = broadcast_shapes(parameters)
            if size is None:
                return shape
            wanted = as_shape(size)
            together, _ = broadcast_shapes([wanted, *parameters])
        except ShapeError as error:
            raise ShapeError(located(f"{name}: {error}", caller_sites())) from None
        if len(together) != len(wanted):
            message = f"{name}: parameters of {len(shape)} axes do not fit the size {wanted}"
            raise ShapeError(located(message, caller_sites()))
        if any(a == 1 and b != 1 for a, b in zip(wanted, together)):
            raise ShapeError(
                located(f"{name}: parameters of shape {shape} do not fit the size {wanted}", caller_sites())
            )
        return wanted


def _key(seed: int | None) -> np.ndarray:
    number = int.from_bytes(os.urandom(8), "little") if seed is None else int(seed)
    return np.asarray(number % 2**64, "uint64")


def _random_dtype(name: str, dtype: np.dtype) -> np.dtype:
    if dtype not in UNIT:
        message = f"{name}: there are random numbers of float32 and float64, not of {dtype}"
        raise DTypeError(located(message, caller_sites(), "draw float32 and cast with .astype"))
    return dtype


def _scaled(noise: Tensor, location: Tensor, scale: Tensor) -> Tensor:
    if _is(location, 0) and _is(scale, 1):
        return noise
    return location_scale(noise, location, scale)


def _is(tensor: Tensor, number: int) -> bool:
    value = tensor.attr("value").array if tensor.op.name == "constant" else None
    return value is not None and value.ndim == 0 and value == number
