"""`snakemake.logging.logger`."""

import logging
import sys

logger = logging.getLogger("snakemake.logging")
logger.propagate = False
logger.setLevel(logging.INFO)
_handler = logging.StreamHandler(sys.stderr)
_handler.setFormatter(logging.Formatter("%(message)s"))
logger.addHandler(_handler)
