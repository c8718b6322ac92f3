"""The bytes that each step writes for fixed inputs, recorded by version: they change only where a VERSION is raised."""
