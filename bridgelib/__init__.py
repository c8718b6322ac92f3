"""From raw BridgeData demonstrations to trained policies.

The rooms follow the data: ``raw -> formats -> data -> (networks -> agents) -> training``; each imports
only what lies before it. ``errors``, ``files``, ``progress`` and ``config`` lie below all of them, ``sim``
makes raw trees, ``conversion`` turns raw trees into shards and TFRecords, ``commands`` are the programs on
top. Nothing here imports Snakemake.
"""

__version__ = "0.2.0"
"""The release. Results record it for readers only; what is stale, `bridgelib.versions` decides."""
