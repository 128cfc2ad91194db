"""The REST API, put together: routers, authentication, its description, and the server that listens. No business lives here."""
