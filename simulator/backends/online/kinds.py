"""How an online backend takes what is asked of it, as a number that compiled code branches on."""

from typing import Final

REPLICAS: Final = 0
"""Slots with one queue, each request computed alone."""
BATCHING: Final = 1
"""Slots with one queue, requests computed together."""
SERVERLESS: Final = 2
"""An instance for each request in progress."""
API: Final = 3
"""Somebody else's machines, up to a rate limit."""
NO_LIMIT: Final = 2**62
"""Of a queue."""
