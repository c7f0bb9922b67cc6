"""The dispatcher that this installation has: the C extension, or the same interface over cffi.

Exports ``Function``, ``Container``, ``trim``, ``retained``, ``workers``, ``set_workers``, and ``EXTENSION``, which says
whether they are the extension's.  ``SYMTENSOR_NO_EXTENSION=1`` in the environment asks for the fallback.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from symtensor.runtime.threads import default_workers

__all__ = ["Container", "Function", "EXTENSION", "retained", "set_workers", "trim", "workers"]

EXTENSION = os.environ.get("SYMTENSOR_NO_EXTENSION", "") in ("", "0")

if TYPE_CHECKING:
    from symtensor.runtime.fallback import Container, Function, retained, set_workers, trim, workers
elif EXTENSION:
    try:
        # The names, not the module: the folder of C sources would import as an empty namespace package.
        from symtensor.runtime._native import Container, Function, retained, set_workers, trim, workers
    except ImportError as error:
        EXTENSION = False
        warnings.warn(f"symtensor: slower calls through cffi, as the C extension is missing ({error})", stacklevel=2)

if not TYPE_CHECKING and not EXTENSION:
    from symtensor.runtime.fallback import Container, Function, retained, set_workers, trim, workers

set_workers(default_workers())
