"""Native entries written by hand, for tests of the dispatcher; the system's compiler makes them callable."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import symtensor.runtime

ABI = Path(symtensor.runtime.__file__).parent / "abi.h"


class Entries:
    """The functions of one C source, which has ``abi.h`` pasted in front, by name."""

    def __init__(self, source: str, folder: Path) -> None:
        file, library = folder / "entries.c", folder / "entries.so"
        file.write_text(ABI.read_text() + source)
        command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(file)]
        subprocess.run(command, check=True)  # pytest shows what the compiler says
        self._library = ctypes.CDLL(str(library))

    def address(self, name: str) -> int:
        """Address of the C function ``name``."""
        address = ctypes.cast(getattr(self._library, name), ctypes.c_void_p).value
        assert address is not None
        return address

    def call(self, name: str) -> int | None:
        """Call ``void *name(void)``."""
        function = getattr(self._library, name)
        function.restype = ctypes.c_void_p
        address: int | None = function()
        return address

    def number(self, name: str) -> ctypes.c_int:
        """The C variable ``int name``."""
        return ctypes.c_int.in_dll(self._library, name)
