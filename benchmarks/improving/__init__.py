"""What `improve.py`, `improve_search.py` and `improve_costs.py` share."""
