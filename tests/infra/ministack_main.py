"""Runs ministack in its own Python: one TLS listener on a free loopback port, which it prints.

Its own command would also take port 443 where it may, and live on after the tests that started it.
This one has no such port, and ends with its standard input.

Usage: ministack_main.py CERTIFICATE KEY
"""

import asyncio
import os
import socket
import sys
import threading


def main() -> None:
    """Listen, then import ministack, which reads its settings from the environment."""
    certificate, key = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = listener.getsockname()[1]
    os.environ.update(
        USE_SSL="1",
        MINISTACK_SSL_CERT=certificate,
        MINISTACK_SSL_KEY=key,
        GATEWAY_PORT=str(port),
    )
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.certfile, config.keyfile = certificate, key
    config.keep_alive_timeout = 75
    threading.Thread(target=_end_with_input, daemon=True).start()
    print(port, flush=True)
    asyncio.run(serve(app, config))


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)  # nothing that it keeps is to outlive the tests


if __name__ == "__main__":
    main()
