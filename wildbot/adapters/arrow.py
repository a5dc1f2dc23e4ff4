"""Arrow and Parquet, loaded when the first recording is touched.

Rules: the library costs a quarter of a second and thirty megabytes, which no command and no actor pays that handles no
    recording; so it is found by name here, once, and nowhere else. It has no types: what it hands out is `Any`, and
    only the recording codecs see it.
"""

import functools
import importlib
from types import ModuleType
from typing import Any

Table = Any
RecordBatch = Any
Array = Any
ListArray = Any
ParquetFile = Any
Schema = Any


@functools.cache
def arrow() -> ModuleType:
    """Return the library."""
    return importlib.import_module("pyarrow")


@functools.cache
def parquet() -> ModuleType:
    """Return its Parquet half."""
    return importlib.import_module("pyarrow.parquet")
