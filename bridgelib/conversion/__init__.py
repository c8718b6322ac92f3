"""The two conversions: raw tree to numpy shards, numpy shards to TFRecords."""
