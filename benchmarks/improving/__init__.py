"""What the benchmarks of chapter 9 share: `improve.py`, `improve_search.py`, `improve_costs.py`."""
