"""The dashboard's pages, served from memory beside the API. They are built from `web/` and lie in `pages`."""
