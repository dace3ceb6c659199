"""Deflate by optimal parsing, held to a window: what a board inflates with the memory it has.

The format is RFC 1951. Symbols and their extra bits are in `symbols`, all matches in `matches`, the
cheapest way through them in `parse`, codes in `huffman`, `header` and `shape`, a block in
`blocks`, where blocks end in `split`; `encoder` goes round until nothing gets smaller.
"""

from publisher.deflate.encoder import FAST, THOROUGH, Effort, deflate

__all__ = ["FAST", "THOROUGH", "Effort", "deflate"]
