"""The graph: one immutable, interned node type, symbolic sizes, scalar expressions, patterns and rewriting.

Nothing here knows a single op; ops are declared in ``symtensor.ops`` on top of what this package gives.
"""

import symtensor.ir.pickling  # attaches pickling to Tensor and Graph
