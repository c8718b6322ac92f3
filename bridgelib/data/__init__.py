"""What training sees: actions, split, statistics, records, goals and batches."""
