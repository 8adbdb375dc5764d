"""All cases by name."""

from . import classical, dense, diffusion, read, scan

CASES = {case.name: case for module in (read, scan, classical, dense, diffusion) for case in module.CASES}
