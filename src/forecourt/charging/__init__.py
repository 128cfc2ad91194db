"""What is true of charging for both ends, in the vocabulary of OCPP 2.1: quantities, tokens, readings, limits,
schedules.

Pure: no I/O, no clock (`now` is an argument, an aware datetime), no wire messages. Dialects translate 1.6 into these
words at the edge and back. Values are frozen; what changes is replaced. Refusals that the specification has a word for
are values; `forecourt.errors` is raised only where the caller is wrong.
"""
