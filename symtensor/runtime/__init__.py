"""Where generated source becomes a running function.

Toolchains and the compile cache; devices behind one protocol (``abi.h``); and the prebuilt part that carries a call:
dispatch, storage for results, shared variables, threads.  ``native`` picks the C extension ``_native`` or, where none
could be built, the same interface over cffi (``fallback``).

Comes in: source text, a :class:`~symtensor.runtime.signature.Signature`, shared containers.  Nothing here knows graphs
or rewrites.  Importing this package imports nothing else; each module is imported where it is first needed.
"""
