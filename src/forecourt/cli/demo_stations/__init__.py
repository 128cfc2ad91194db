"""Virtual stations for the demo: a script of comings and goings, said in the words of each version over each door.

They are no simulation of a charging station and know none of its duties beyond what the script needs. Whoever replaces them
needs `fleet.Fleet` only: stations that run for as long as the block lasts.
"""
