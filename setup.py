"""Builds the optional compiled kernel; all else about the package stands in pyproject.toml.

Where there is no C compiler the package is installed without it, and does the same in Python.
"""

import sys
import sysconfig

from setuptools import Extension, setup

# Without the interpreter's lock there is no stable interface yet: one build for each version.
STABLE = not sysconfig.get_config_var("Py_GIL_DISABLED")
# The same sums on every machine: no fused multiplication and addition.
FLAGS = ["/O2"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off"]

setup(
    ext_modules=[
        Extension(
            "stance._kernel",
            ["stance/_kernel.c", "stance/_acting.c"],
            depends=["stance/_kernel.h"],
            define_macros=[("Py_LIMITED_API", "0x030B0000")] if STABLE else [],
            py_limited_api=STABLE,
            extra_compile_args=FLAGS,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if STABLE else {},
)
