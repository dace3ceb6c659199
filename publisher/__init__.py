"""The publisher: signs firmware and keeps the static files that devices read."""

__version__ = "0.1.0"
