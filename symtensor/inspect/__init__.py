"""Seeing what the compiler did: views of the values that each stage made.

In come graphs, traces, plans, Programs and sources; out go text, tables, networkx graphs, Graphviz and HTML.  This room
lies below ``symtensor.function``, since a function carries its views as attributes; it knows nothing of calls.

``details`` is what a compiled function carries; ``report``, ``kernels``, ``schedule``, ``memory`` and ``explain`` are its
tables; ``layout`` and ``svg`` draw a graph, ``page`` writes the HTML page of ``st.view``.
"""
