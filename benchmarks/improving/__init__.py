"""What `advice.py` is made of: the pieces of advice, their parts, and a judge."""
