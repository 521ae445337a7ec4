"""A contact model small enough to write in any engine, so that speed is compared on the same work."""
