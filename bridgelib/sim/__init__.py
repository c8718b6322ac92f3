"""A small simulated table-top: a WidowX-like arm, coloured objects, a fixed camera and a scripted expert.

`tasks` and `plan` need the standard library only, because the workflow reads them while it is parsed.
"""
