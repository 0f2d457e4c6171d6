"""Programs that students might hand in, written by hand: right ones and plausibly wrong ones.

Each module is a problem set; `PARTS` maps an answer to the tests that judge it, to wrong programs,
each of which must lose points, and to right ones, none of which may. Wrong programs are named after
what is wrong with them.
"""
