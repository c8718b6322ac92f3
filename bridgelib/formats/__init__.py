"""The files between the stages: numpy shards, reports, TFRecords and their indices."""
