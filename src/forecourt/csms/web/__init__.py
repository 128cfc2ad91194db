"""What every route of the REST API stands on: who asks and what they may, problems, paging, entity tags, repeated requests.

It knows HTTP and no business. Blocks and business packages bring routes in their `api.py`; `csms.api` puts them together.
"""
