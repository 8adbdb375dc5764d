"""All cases by name."""

from . import audit, classical, dense, diffusion, masks, minima, mixtures, pieces, read, scan, sequences

MODULES = (read, scan, classical, dense, diffusion, masks, audit, mixtures, pieces, sequences, minima)
CASES = {case.name: case for module in MODULES for case in module.CASES}
