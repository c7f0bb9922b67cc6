"""Seeing what the compiler did: views of the values that each stage made.

In come graphs, traces, plans, Programs and sources; out go text, tables, networkx graphs, Graphviz and HTML.  This room
lies below ``symtensor.function``, since a function carries its views as attributes; it knows nothing of calls.

``details`` is what a compiled function carries; ``report``, ``kernels``, ``memory`` and ``explain`` are its tables,
with costs read off loops by ``cost``; ``layout`` and ``svg`` draw a graph, ``page`` writes the page of ``st.view``.
"""
