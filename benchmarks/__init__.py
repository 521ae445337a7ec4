"""How fast it is, how precise, and what other engines make of a small model: ``python -m benchmarks``.

Every case is one small file, registered in ``benchmarks/registry.py``. Nothing here is a test: a busy machine gives
slow readings and says so.
"""
