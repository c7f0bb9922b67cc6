"""Equations, minima and differential equations, solved by loops inside of the compiled function and differentiable.

``root``, ``fixed_point`` and ``minimize`` are differentiated by the implicit function theorem
(``symtensor.ops.implicit``), ``odeint`` step by step.  What they return also says whether and how they got there.
Comes in: Python functions of (nested) tensors.  Stands on the loops of ``symtensor.ops`` and on reverse mode.
"""
