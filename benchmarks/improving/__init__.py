"""What the benchmarks of chapter 10 share: `improve.py`, `improve_search.py`, `improve_costs.py`."""
