"""The optimizer: rewrites a graph into an equal one that is more accurate and cheaper, then decides what is fused.

``pipeline`` is the table of contents; each other module holds one family of rules.  What comes in is a ``Graph``, what
goes out is a ``Graph`` with a trace of every rewrite.
"""

import symtensor.ops.operators  # rules are written with Python's operators
