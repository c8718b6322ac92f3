"""Neural networks: image encoders, policies, value functions, score networks, and the distributions they return.

Parameters carry the names and shapes of the predecessor's networks, so that its checkpoints load. Where a class name
looks odd (`MyGroupNorm`), it is one of those names.
"""
