"""Mutated input for everything that reads what a stranger sent: `python -m tools.fuzz`, or `make fuzz`.

    seeds       valid messages, built from the types
    mutations   what a broken, foreign or hostile peer makes of them
    targets     the parsers, each fed by its seeds
    run         the loop, which catches whatever is not the library's own error

Every case follows from the seed of the run, its target and its number, so a finding can be had again.
"""
