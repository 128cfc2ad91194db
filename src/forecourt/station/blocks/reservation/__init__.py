"""EVSEs kept free for somebody who is on his way."""
