"""All cases by name."""

from . import classical, dense, diffusion, masks, read, scan

CASES = {case.name: case for module in (read, scan, classical, dense, diffusion, masks) for case in module.CASES}
