"""Expressions from and for other libraries: SymPy."""
