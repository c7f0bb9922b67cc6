"""Memory that is kept between calls: results and arenas of functions, released buffers of devices.

What functions keep is at most a quarter of the machine's memory, what a device keeps ``IDLE_LIMIT`` of
``symtensor.runtime.device``: beyond that it is given back by itself.
"""

from __future__ import annotations

from symtensor.runtime import native
from symtensor.runtime.device import trim_devices


def trim() -> int:
    """Give back all memory that compiled functions and devices keep for the next call; returns its bytes.

    Results that somebody holds and shared variables are not touched; the next call of a function takes memory anew.

    >>> import numpy as np
    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> f = st.compile(x + 1, [x])
    >>> _ = f(np.zeros(100_000))
    >>> trim() >= 0, trim()
    (True, 0)
    """
    return native.trim() + trim_devices()
