import dataclasses
import math

from gan_tutorial.faults import Fault


def test_signs_show_on_their_side_of_the_threshold():
    about = {"what": "", "why": "", "sign": "", "cure": "", "harm": True}
    fault = Fault(
        "x", "X", "loss", **about, change=lambda c: c, measure=lambda o: 0.0, threshold=0.5
    )
    assert fault.shows(0.6)
    assert not fault.shows(0.5)
    assert dataclasses.replace(fault, above=False).shows(0.4)
    for above in (True, False):
        assert not dataclasses.replace(fault, above=above).shows(math.nan)
