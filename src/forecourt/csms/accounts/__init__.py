"""People and programs that use the platform: users with grants, their sessions, API keys, and who a request comes from."""
