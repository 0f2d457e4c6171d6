"""Checks for the exercises of chapter 3 on networks and what they can see: 3.1, 3.4, 3.5."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from .core import Mistake, Mistakes, Wrong, call, close, exercise, number, numbers

# --- 3.1 Sizes by heart ----------------------------------------------------------------------


def _transposed(n: float, k: float, s: float, p: float, o: float = 0) -> float:
    return (n - 1) * s - 2 * p + k + o


def _sizes(answer: Any, mistakes: Mistakes) -> None:
    given = [number(x) for part in answer for x in part]
    if list(map(len, answer)) != [3, 2, 2] or any(x < 0 or x % 1 != 0 for x in given):
        raise Wrong("Hand in whole numbers, [(k, s, p), (s, p), (o, o)].")
    for mistake in mistakes.values():
        if close(given, [x for part in mistake.answer for x in part], 1e-6):
            raise Wrong(mistake.why)
    k, s, p, s_first, p_first, o_7, o_8 = given
    if min(s, s_first) < 1:
        raise Wrong("A stride is 1 or more.")
    first = _transposed(7, k, s, p)
    second = _transposed(first, k, s, p)
    if second != 28:
        raise Wrong(f"(a) From 7 this leads to {first:g}, and then to {second:g}, not 28.")
    if (side := _transposed(1, 4, s_first, p_first)) != 4:
        raise Wrong(f"(b) From 1 this leads to {side:g}, not 4.")
    for side, o in ((7, o_7), (8, o_8)):
        if (found := _transposed(4, 3, 2, 1, o)) != side:
            raise Wrong(f"(c) From 4 an output_padding of {o:g} leads to {found:g}, not {side}.")


# --- 3.4 Blind to order ----------------------------------------------------------------------


def _permutation(answer: Any, mistakes: Mistakes) -> None:
    first, second = (numbers(part) for part in answer)
    if first.shape != second.shape or first.ndim != 4:
        raise Wrong(
            f"Two sets of the same shape (N, 1, H, W) are expected, not {tuple(first.shape)} and "
            f"{tuple(second.shape)}."
        )
    if torch.equal(first, second):
        raise Wrong(mistakes["same"].why)
    if sorted(first.flatten(1).tolist()) == sorted(second.flatten(1).tolist()):
        raise Wrong(mistakes["reordered_pictures"].why)
    sorted_first, sorted_second = (x.flatten(1).sort(dim=1).values for x in (first, second))
    if torch.equal(sorted_first, sorted_second):
        return
    means_agree = close(first.flatten(1).mean(1), second.flatten(1).mean(1), 1e-4)
    if means_agree:
        raise Wrong(mistakes["only_the_mean"].why)
    raise Wrong(
        "Some picture has other gray values than its partner: a function of single pixels can "
        "learn to see that."
    )


_STRIPES = torch.ones(2, 1, 4, 4)
_STRIPES[..., :2] = -1
_STRIPES[1] *= 0.5


# --- 3.5 Through the eye of a needle ---------------------------------------------------------


class _Wrapped(nn.Module):
    """Layers in a module of its own: what they are does not stand in the outer network."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


def _chain(*sizes: int) -> list[nn.Module]:
    return [nn.Linear(before, after) for before, after in pairwise(sizes)]


def _low_rank(sizes: tuple[int, int], rank: int) -> nn.Linear:
    layer = nn.Linear(*sizes)
    with torch.no_grad():
        first, second = torch.randn(sizes[1], rank), torch.randn(rank, sizes[0])
        layer.weight.copy_(first @ second / (rank * sizes[0]) ** 0.5)
    return layer


def _probe_networks() -> list[nn.Sequential]:
    """Return networks whose widths do not tell how many directions their outputs span."""
    torch.manual_seed(0)
    bent = [nn.Linear(100, 8), nn.LeakyReLU(0.2), nn.Linear(8, 24), nn.LeakyReLU(0.2)]
    return [
        nn.Sequential(*_chain(100, 4, 300), nn.Tanh()),
        nn.Sequential(*_chain(100, 20, 300), nn.Tanh()),
        nn.Sequential(_low_rank((100, 50), 7), nn.Linear(50, 300), nn.Tanh()),
        nn.Sequential(nn.Linear(100, 40), _Wrapped(*_chain(40, 9, 300)), nn.Tanh()),
        nn.Sequential(*bent, nn.Linear(24, 300), nn.Tanh()),  # 24, though through 8
    ]


def _spans(answer: Any, mistakes: Mistakes) -> None:
    networks = _probe_networks()
    expected = [_rank(network, centered=True, last=-1) for network in networks]
    found = [number(call(answer, network)) for network in networks]
    if found == expected:
        return
    for name in ("no_centering", "first_width", "smallest_width"):
        if found == [mistakes[name].answer(network) for network in networks]:
            raise Wrong(mistakes[name].why)
    if found[0] >= 100:
        raise Wrong(mistakes["after_tanh"].why)
    kinds = [
        "a linear map through 4 numbers",
        "a linear map through 20 numbers",
        "a map whose weights have a lower rank than their width",
        "a network with a module of its own inside",
        "a network that bends 8 numbers and widens them again",
    ]
    kind, given, right = next(z for z in zip(kinds, found, expected, strict=True) if z[1] != z[2])
    raise Wrong(
        f"For {kind} it returns {given:g}; the outputs lie in {right} directions around their mean."
    )


def _rank(network: nn.Sequential, centered: bool, last: int | None) -> int:
    with torch.no_grad():
        outputs = network[:last](torch.randn(200, 100)).double()
    if centered:
        outputs = outputs - outputs.mean(0)
    values = torch.linalg.svdvals(outputs)
    return int((values > 1e-4 * values[0]).sum())


def _first_width(network: nn.Sequential) -> int:
    return next(network.parameters()).shape[0]


def _smallest_width(network: nn.Module) -> int:
    return min(layer.out_features for layer in network.modules() if isinstance(layer, nn.Linear))


EXERCISES = (
    exercise(
        "3.1",
        "ex-sizes",
        "[(k, s, p), (s, p), (o, o)] for (a), (b) and (c)",
        _sizes,
        "One formula, (n - 1) s - 2 p + k + o, answers all three.",
        convolution=Mistake(
            "(a) k = 3, s = 2, p = 1 halves on the way down, and on the way up misses by one: 7, "
            "13, 25. An even kernel fits a stride of 2.",
            [(3, 2, 1), (1, 0), (0, 1)],
        ),
        padding_first=Mistake(
            "(b) With p = 1 the first map has side 2: padding *cuts off* in a transposed "
            "convolution.",
            [(4, 2, 1), (1, 1), (0, 1)],
        ),
        swapped=Mistake(
            "(c) The other way round: without output padding 4 becomes 7.",
            [(4, 2, 1), (1, 0), (1, 0)],
        ),
    ),
    exercise(
        "3.4",
        "ex-permutation",
        "two sets of pictures as a pair of tensors, both (N, 1, H, W)",
        _permutation,
        "Picture by picture the gray values are the same; only their places differ.",
        same=Mistake(
            "These are the same pictures: your eye cannot separate them either.",
            (_STRIPES, _STRIPES.clone()),
        ),
        reordered_pictures=Mistake(
            "You changed the order of the *pictures*: as sets they are the same. Change the order "
            "of pixels within each.",
            (_STRIPES, _STRIPES.flip(0)),
        ),
        only_the_mean=Mistake(
            "The means agree, the gray values do not. A function of one pixel need not be linear: "
            "its mean can tell these apart.",
            (_STRIPES, torch.zeros_like(_STRIPES)),
        ),
    ),
    exercise(
        "3.5",
        "ex-bottleneck",
        "a function of a network that ends in a tanh; it returns how many directions the outputs "
        "before that span",
        _spans,
        "What passes through four numbers has four directions, however wide the end.",
        no_centering=Mistake(
            "One too many: the bias moves all outputs together. Subtract their mean first.",
            lambda network: _rank(network, centered=False, last=-1),
        ),
        after_tanh=Mistake(
            "That counts after the tanh, which bends the plane through every dimension: leave the "
            "last layer out.",
            lambda network: _rank(network, centered=True, last=None),
        ),
        first_width=Mistake(
            "That reads the width of the first layer. The outputs may span fewer directions, or "
            "more: send codes through the network and count.",
            _first_width,
        ),
        smallest_width=Mistake(
            "That reads the narrowest width. Weights may have a lower rank, and what is bent after "
            "the narrow layer spans more: send codes through the network and count.",
            _smallest_width,
        ),
    ),
)
