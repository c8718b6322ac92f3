"""Instructions: whether a dataset has any, and their embeddings, computed once per experiment."""
