"""Text operations that run in Rust and give exactly what the well-known Python packages give."""

from __future__ import annotations

from tureen._tureen import PorterStemmer, SnowballStemmer

__all__ = ["PorterStemmer", "SnowballStemmer"]
