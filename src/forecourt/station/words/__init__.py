"""Wire words that several blocks need: tokens, verdicts, readings."""
