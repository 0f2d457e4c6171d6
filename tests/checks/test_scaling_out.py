import math

import pytest
import torch

from gan_tutorial import check


def normalized(halves, average, variance):
    mean = average([h.mean((0, 2, 3)) for h in halves]).view(1, -1, 1, 1)
    var = variance(halves, mean)
    return torch.cat([(h - mean) / (var.view(1, -1, 1, 1) + 1e-5).sqrt() for h in halves])


def by_squares(halves, average):
    return normalized(
        halves,
        average,
        lambda x, m: average([h.square().mean((0, 2, 3)) for h in x]) - m.flatten() ** 2,
    )


def by_deviations(halves, average):
    return normalized(
        halves, average, lambda x, m: average([(h - m).square().mean((0, 2, 3)) for h in x])
    )


def looks_at_the_other_half(halves, average):
    average(halves)  # for the look of it
    whole = torch.cat(list(halves))
    mean, var = whole.mean((0, 2, 3)), whole.var((0, 2, 3), correction=0)
    return (whole - mean.view(1, -1, 1, 1)) / (var.view(1, -1, 1, 1) + 1e-5).sqrt()


def test_two_exchanges_make_the_whole_batch():
    assert check("12.5", by_squares), check("12.5", by_squares)
    assert check("12.5", by_deviations), check("12.5", by_deviations)


def test_who_looks_past_the_exchange_is_found():
    verdict = check("12.5", looks_at_the_other_half)
    assert not verdict
    assert "exchange by `average` only" in verdict.sentence
    in_place = looks_at_the_other_half

    def ruins(halves, average):
        result = in_place(halves, average)
        with torch.no_grad():
            for half in halves:
                half.zero_()
        return result

    assert not check("12.5", ruins)


@pytest.mark.parametrize(
    "wrong", [[7.5, 1, 3], [7, 1, math.nan], [math.inf, 1, 3], [7, 1, -2], [1001, 1, 3], [7, 1]]
)
def test_counts_are_whole_numbers(wrong):
    assert check("12.7", [7, 1, 3])
    assert not check("12.7", wrong)
