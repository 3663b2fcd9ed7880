"""Ratchet over HTTP: any engine behind OpenAI's API. Needs the extra `serve`.

    from ratchet.serve import serve

    serve("hf:runs/demo/model", port=8000)          # as `ratchet serve` does; returns after SIGTERM or ctrl-C

    app = completions_app(engine, name="tiny")      # an ASGI application, for a server of your own

Requests that wait together are answered together, as one batch of the engine, in
its one thread (`batching`). What the engine cannot do is refused with a sentence
(`requests`), and never ignored.
"""

from ratchet.serve.batching import Batcher, QueueFull
from ratchet.serve.openai import completions_app
from ratchet.serve.server import serve

__all__ = ["Batcher", "QueueFull", "completions_app", "serve"]
