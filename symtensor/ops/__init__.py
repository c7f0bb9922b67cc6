"""Declarations of all operations, and nothing else: what each one is, on every target.

An op is declared once, by one call of a factory in ``declare.py``: dtype and shape rule, NumPy reference, scalar
source or loop definition, gradient and sample inputs stand together.  The public functions, the methods of
``Tensor``, the docs and the conformance tests derive from the declarations.
"""
