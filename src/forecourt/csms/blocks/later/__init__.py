"""Messages whose features are not built yet: what stations are honestly told meanwhile, and what we cannot say yet and why.

Every message is stored in the message log from the first day. Where the specification has a word for "no", that is the
answer; where an answer carries no verdict at all, it confirms that the message has arrived and claims nothing more.
`UNSAID` gives the block that will say an action; meanwhile it can be sent raw.
"""
