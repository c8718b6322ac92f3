"""Work that one sees: what running jobs say of themselves, on a screen, in a pipe and from another shell."""
