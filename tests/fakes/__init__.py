"""A host in a folder, for tests of what `ops/deploy` does there."""
