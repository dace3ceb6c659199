"""Where boards are, as CloudFront's price page groups its edges."""

from __future__ import annotations

REGIONS = ("US", "EU", "ZA", "SA", "JP", "AU", "ASIA", "IN")
