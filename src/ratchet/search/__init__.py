"""API documentation: read out of source that is never run, indexed, and searched by words.

    from ratchet.search import Index, extract, search

    for hit in search("numpy", "remove axes of length one").hits:
        print(hit.entry.public, hit.entry.signature, hit.entry.summary)

    index = Index.build(extract("path/to/package").entries)
    index.save("package.index")
    index = Index.open("package.index")                 # mapped, not read
    hits = index.search("parse a date", k=3)

Sources are installed packages, folders, modules, wheels, and JSON or JSON Lines of
the form "name(signature): description". This room knows nothing of models or
problems. What only exists in compiled form has no source, and is not found.
"""

from ratchet.search.entries import ApiEntry
from ratchet.search.finding import Answer, open_source, search
from ratchet.search.index import Hit, Index
from ratchet.search.jsonl import read_documents
from ratchet.search.source import Extraction, Skipped, extract
from ratchet.search.tokens import tokens

__all__ = [
    "Answer",
    "ApiEntry",
    "Extraction",
    "Hit",
    "Index",
    "Skipped",
    "extract",
    "open_source",
    "read_documents",
    "search",
    "tokens",
]
