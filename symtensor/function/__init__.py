"""``compile``, ``Function`` and ``shared``: where all rooms below meet in one call.

``compiler`` goes the way from expressions to a loaded function; ``request`` checks what the user hands in;
``calls`` converts what a call passes and words what native code reports; ``interpreter`` is the target without native
code; ``variables`` holds shared variables.
"""

from symtensor.function.calls import user_line
from symtensor.function.compiler import compile, generate_source
from symtensor.function.variables import SharedVariable, shared
from symtensor.runtime.native import Function

__all__ = ["Function", "SharedVariable", "compile", "generate_source", "shared", "user_line"]
