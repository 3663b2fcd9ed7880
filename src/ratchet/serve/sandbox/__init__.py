"""The sandbox over HTTP: for RL frameworks, for services, and for a Ratchet on another machine.

    from ratchet.serve.sandbox import serve_sandbox

    serve_sandbox(port=8080)                        # as `ratchet sandbox-server` does

    with LocalSandbox() as sandbox:
        app = sandbox_app(sandbox)                  # an ASGI application, for a server of your own

It speaks SandboxFusion's `/run_code` and `/submit` (`fusion`, `submit`), Piston's `/api/v2`
(`piston`), and for itself `/verdict` (`verdict`) and `/sandbox`, which is what
`ratchet.sandbox.backends.remote.RemoteSandbox` asks. Requests are checked by the schemas
that `/openapi.json` shows (`schema`), and wait in one bounded queue (`jobs`).
"""

from ratchet.serve.sandbox.app import sandbox_app
from ratchet.serve.sandbox.guarded import Bounds
from ratchet.serve.sandbox.server import serve_sandbox

__all__ = ["Bounds", "sandbox_app", "serve_sandbox"]
