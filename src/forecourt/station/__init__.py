"""A charging station as firmware should be: in 1.6, 2.0.1 and 2.1, on real hardware, simulated, or by the thousand.

`Powered` is one station; what it needs besides its `Build` is time (`RealTimeline`, `VirtualTimeline`), a link
(`OnlineLink` to a management system, `ScriptedLink` to a function), hardware (`SimulatedHardware`, or your own) and
somewhere to keep things (`Memory`, `Sqlite`). docs/station.md shows it.
"""
