"""Detectors of oddities, one file each: they look through a trajectory's arrays while it is read, and give remarks."""
