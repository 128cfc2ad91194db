"""Everything that touches PostgreSQL on behalf of all blocks: the server itself, the engine, migrations and the commit.

A block's own SQL lives in that block's `store.py`; what is here knows no block.
"""
