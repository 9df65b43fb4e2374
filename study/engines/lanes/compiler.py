"""Compiling a trace for this machine, and calling it.

Compiled code is kept in the user's cache directory, under a hash of everything that it was
made from: this package's code, the sizes, the processor, LLVM. Nothing stale can be loaded.
"""

import contextlib
import ctypes
import functools
import hashlib
import json
import operator
import os
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import llvmlite
import numpy as np
from llvmlite import binding

from study.engines.lanes.tracing import KERNEL, Trace

# Vectors are aligned to their own size, up to that of a cache line.
_ALIGNMENT = 64


@functools.cache
def host_lanes() -> int:
    """Lanes that suit this machine: 16 with AVX-512, else 8. The digits do not depend on it."""
    return 16 if binding.get_host_cpu_features().get("avx512f") else 8


class Kernel:
    """A compiled kernel.

    Parameters
    ----------
    traced : callable
        Traces it; a function of this package.
    arguments : tuple
        What it is called with; their repr says all there is to say about them.
    """

    def __init__(self, traced: Callable[..., Trace], *arguments: Hashable) -> None:
        machine, description = _machine()
        parts = [_sources(traced), traced.__name__, repr(arguments), *description]
        path = _cache_path(hashlib.sha256("\n".join(parts).encode()).hexdigest())
        found = _read(path)
        if found is None:
            trace = traced(*arguments)
            found = (
                {
                    "arguments": list(trace.arguments),
                    "scratch": [trace.scratch, trace.lanes],
                },
                _compile(str(trace.module), machine),
            )
            _keep(path, *found)
        about, code = found
        self._arguments, self._scratch_shape = about["arguments"], tuple(about["scratch"])
        self.lanes = self._scratch_shape[1]
        self._own = threading.local()
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * len(self._arguments))
        self._function = prototype(self._engine.get_function_address(KERNEL))

    def __call__(self, **arguments: np.ndarray | int) -> None:
        """Run on arrays and integers by the names of the trace's arguments.

        Other threads go on meanwhile, in this kernel or in Python.
        """
        values = [
            _address(name, value) if isinstance(value, np.ndarray) else operator.index(value)
            for name, value in ((name, arguments[name]) for name in self._arguments[1:])
        ]
        self._function(_address("scratch", self._scratch), *values)

    @property
    def _scratch(self) -> np.ndarray:
        """Scratch memory of this thread's own."""
        if not hasattr(self._own, "scratch"):
            self._own.scratch = aligned(self._scratch_shape)
        return self._own.scratch


def _address(name: str, array: np.ndarray) -> int:
    if not array.flags.c_contiguous:
        raise ValueError(f"array '{name}' must be contiguous")
    return array.__array_interface__["data"][0]


def aligned(shape: tuple[int, ...], dtype: type = np.float32) -> np.ndarray:
    """Zeros that start at a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + _ALIGNMENT, dtype=np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def host_processor() -> tuple[str, str]:
    """LLVM's names of this machine's processor and of what it can do."""
    return binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()


def _machine() -> tuple[binding.TargetMachine, list[str]]:
    """What to compile for, and all that code depends on besides its source."""
    _initialize()
    name, features = host_processor()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, jit=True
    )
    return machine, [name, features, machine.triple, llvmlite.__version__]


@functools.cache
def _initialize() -> None:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()


def _compile(source: str, machine: binding.TargetMachine) -> bytes:
    module = binding.parse_assembly(source)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=2)
    # What is to be a vector is one already, and what is to be written out is.
    options.loop_unrolling = False
    options.loop_vectorization = False
    options.slp_vectorization = False
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)


@functools.cache
def _sources(traced: Callable[..., Trace]) -> str:
    """A hash of the code that says what a trace makes of its arguments."""
    files = {*Path(__file__).parent.rglob("*.py"), Path(traced.__code__.co_filename)}
    return _digest(b"".join(path.read_bytes() for path in sorted(files)))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# -- the cache -------------------------------------------------------------------------------
def _cache_path(key: str) -> Path | None:
    """Where a kernel is kept; None for a user without a home."""
    root = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(root) if root else Path.home() / ".cache") / "importance-study" / key
    except RuntimeError:
        return None


def _read(path: Path | None) -> tuple[dict[str, Any], bytes] | None:
    """What is kept of a kernel: a digest of its key and the rest, a line of JSON, the code.

    None where there is none, or it is not whole, or is another's.
    """
    if path is None:
        return None
    try:
        digest, _, rest = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if digest.decode(errors="replace") != _seal(path, rest):
        return None
    line, _, code = rest.partition(b"\n")
    return json.loads(line), code


def _seal(path: Path, rest: bytes) -> str:
    return _digest(path.name.encode() + b"\n" + rest)


def _keep(path: Path | None, about: dict[str, Any], code: bytes) -> None:
    """Keep a kernel, if that is possible."""
    if path is None:
        return
    rest = json.dumps(about).encode() + b"\n" + code
    # Written beside its place first, as another process may be reading.
    new = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(_seal(path, rest).encode() + b"\n" + rest)
        new.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
