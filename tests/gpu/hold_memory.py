"""Holds memory of the first GPU until its standard input ends: `python hold_memory.py MIB`. Needs only the driver."""

from __future__ import annotations

import ctypes
import sys


def held(mib: int) -> str:
    """Allocate, and say HOLDING or what failed."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return str(error)
    device, context, memory = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
    steps = (
        ("cuInit", lambda: cuda.cuInit(0)),
        ("cuDeviceGet", lambda: cuda.cuDeviceGet(ctypes.byref(device), 0)),
        ("cuCtxCreate", lambda: cuda.cuCtxCreate_v2(ctypes.byref(context), 0, device)),
        ("cuMemAlloc", lambda: cuda.cuMemAlloc_v2(ctypes.byref(memory), ctypes.c_size_t(mib << 20))),
    )
    for name, call in steps:
        if code := call():
            return f"{name} gave {code}"
    return "HOLDING"


if __name__ == "__main__":
    sys.stdout.write(held(int(sys.argv[1])) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
