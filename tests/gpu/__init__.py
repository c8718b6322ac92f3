"""What needs a GPU: `make test-gpu`. Its transcripts, kept here, say on which GPUs it was tried and what came of it."""
