"""Checks for the exercises of chapter 3, the code."""

import math
import re

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from .core import Mistake, Wrong, call, close, compare_functions, compare_values, exercise, numbers

# --- 3.1 Sizes by heart ----------------------------------------------------------------------


def _transposed(n: int, k: int, s: int, p: int, o: int = 0) -> int:
    return (n - 1) * s - 2 * p + k + o


def _sizes(answer, mistakes) -> None:
    (k, s, p), (s_first, p_first), (o_7, o_8) = answer
    for mistake in mistakes.values():
        if close(numbers([k, s, p, s_first, p_first, o_7, o_8]), _flat(mistake.answer), 1e-6):
            raise Wrong(mistake.why)
    first = _transposed(7, k, s, p)
    second = _transposed(first, k, s, p)
    if second != 28:
        raise Wrong(f"(a) From 7 this leads to {first}, and then to {second}, not 28.")
    if (side := _transposed(1, 4, s_first, p_first)) != 4:
        raise Wrong(f"(b) From 1 this leads to {side}, not 4.")
    for side, o in ((7, o_7), (8, o_8)):
        if (found := _transposed(4, 3, 2, 1, o)) != side:
            raise Wrong(f"(c) From 4 an output_padding of {o} leads to {found}, not {side}.")


def _flat(answer) -> torch.Tensor:
    return numbers([x for part in answer for x in part])


# --- 3.4 Blind to order ----------------------------------------------------------------------


def _permutation(answer, mistakes) -> None:
    first, second = (torch.as_tensor(part).detach().float() for part in answer)
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


def _probe_networks() -> list[tuple[nn.Sequential, int]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return [
            (nn.Sequential(nn.Linear(100, inner), nn.Linear(inner, 300), nn.Tanh()), inner)
            for inner in (4, 20)
        ]


def _spans(answer, mistakes) -> None:
    found = [int(call(answer, network)) for network, _ in _probe_networks()]
    expected = [inner for _, inner in _probe_networks()]
    if found == expected:
        return
    if found == [inner + 1 for inner in expected]:
        raise Wrong(mistakes["no_centering"].why)
    if min(found) >= 100:
        raise Wrong(mistakes["after_tanh"].why)
    raise Wrong(
        f"For a linear map through {expected[0]} numbers it returns {found[0]}; the outputs lie in "
        f"{expected[0]} directions around their mean."
    )


def _rank(network, centered: bool, last: int | None) -> int:
    with torch.no_grad():
        outputs = network[:last](torch.randn(200, 100)).double()
    if centered:
        outputs = outputs - outputs.mean(0)
    values = torch.linalg.svdvals(outputs)
    return int((values > 1e-4 * values[0]).sum())


# --- 3.6 Match the signatures ----------------------------------------------------------------

_MATCH = {"1": "a", "2": "b", "3": "c", "4": "d"}


def _pairs(answer) -> dict[str, str]:
    if isinstance(answer, dict):
        return {str(key): str(value) for key, value in answer.items()}
    return dict(re.findall(r"([1-4])\W*([a-d])", str(answer)))


def _match(answer, mistakes) -> None:
    pairs = _pairs(answer)
    if set(pairs) != set(_MATCH):
        raise Wrong('Match each of 1 to 4 with a letter, as in "1a 2b 3c 4d".')
    if pairs == _MATCH:
        return
    for mistake in mistakes.values():
        if pairs == _pairs(mistake.answer):
            raise Wrong(mistake.why)
    wrong = [number for number in "1234" if pairs[number] != _MATCH[number]]
    raise Wrong(f"{wrong[0]}{pairs[wrong[0]]} is not a match: run variant {wrong[0]} and look.")


# --- 3.7 The softmax of one number -----------------------------------------------------------


def _two_logits(answer, mistakes) -> None:
    a = torch.tensor([-3.0, -0.5, 0.0, 1.0, 4.0])
    two = call(answer, a)
    if two.shape != (5, 2):
        raise Wrong(
            f"Five logits should become shape (5, 2), one column for each class, not "
            f"{tuple(two.shape)}."
        )
    for mistake in mistakes.values():
        if close(two, mistake.answer(a), 1e-5):
            raise Wrong(mistake.why)
    classes = torch.tensor([0, 1, 0, 1, 1])
    one = binary_cross_entropy_with_logits(a, classes.float(), reduction="none")
    if not close(cross_entropy(two, classes, reduction="none"), one, 1e-5):
        raise Wrong("The softmax's second entry is not the sigmoid of the logit.")


# --- 3.8 Diagnosis by range ------------------------------------------------------------------


def _batches(seed: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    raw = 2 * torch.randn(64, 1, 8, 8, generator=generator)
    real = torch.rand(64, 1, 8, 8, generator=generator) * 2 - 1
    real[:, :, :2] = -1
    return {
        "bytes": ((real + 1) * 127.5, raw.tanh()),
        "unit": ((real + 1) / 2, raw.tanh()),
        "sigmoid": (real, raw.sigmoid()),
        "open": (real, raw),
        "fine": (real, raw.tanh()),
    }


def _diagnosis(answer, mistakes) -> None:
    found = [{k: call(answer, *v) for k, v in _batches(seed).items()} for seed in (0, 1)]
    for fault in found[0]:
        if found[0][fault] != found[1][fault]:
            raise Wrong(
                "Two batches with one fault get different names: compare with limits, not with the "
                "numbers of one batch."
            )
    names = found[0]
    if names["sigmoid"] == names["fine"]:
        raise Wrong(mistakes["real_only"].why)
    if names["unit"] == names["bytes"]:
        raise Wrong(mistakes["negative_only"].why)
    for one in names:
        for other in names:
            if one < other and names[one] == names[other]:
                raise Wrong(
                    f"It gives one name, {names[one]!r}, to two cases: {_CASES[one]}, and "
                    f"{_CASES[other]}."
                )


_CASES = {
    "bytes": "reals in [0, 255] with a tanh",
    "unit": "reals in [0, 1] with a tanh",
    "sigmoid": "reals in [-1, 1] with a sigmoid",
    "open": "reals in [-1, 1] with no last activation",
    "fine": "reals in [-1, 1] with a tanh",
}


def _by_reals(real, fake):
    return "bytes" if real.max() > 2 else "unit" if real.min() >= 0 else "fine"


def _by_sign(real, fake):
    if real.min() >= 0:
        return "scale the reals"
    return "sigmoid" if fake.min() >= 0 else "open" if fake.max() > 1.05 else "fine"


# --- 3.9 Fool the smoke test -----------------------------------------------------------------


def _losses():
    bce = binary_cross_entropy_with_logits

    def loss(D, real, fake, label_real=1.0, label_fake=0.0):
        a, b = D(real), D(fake)
        return bce(a, torch.full_like(a, label_real)) + bce(b, torch.full_like(b, label_fake))

    return {
        "right": loss,
        "fakes labeled 1": lambda D, real, fake: loss(D, real, fake, 1.0, 1.0),
        "labels swapped": lambda D, real, fake: loss(D, real, fake, 0.0, 1.0),
    }


def _push(answer, mistakes) -> None:
    moves = {name: numbers(call(answer, 0, loss)).flatten() for name, loss in _losses().items()}
    if any(len(move) != 2 for move in moves.values()):
        raise Wrong("Return two numbers: how far the mean logit moved on the reals, and on fakes.")
    right, both, swapped = moves.values()
    if max(move.abs().max() for move in moves.values()) < 1e-3:
        raise Wrong(mistakes["no_step"].why)
    if close(right.sign(), [-1, 1], 0.1):
        raise Wrong(mistakes["fakes_first"].why)
    if close(right, both, 1e-3) and close(right, swapped, 1e-3):
        raise Wrong(mistakes["own_loss"].why)
    if not (right[0] > 0 > right[1]):
        raise Wrong(
            f"Under the right loss the logits moved by {right[0]:.2g} and {right[1]:.2g}: measure "
            "on the batch that D is trained on, and let the step be large."
        )
    if both[1] <= 0 or not (swapped[0] < 0 < swapped[1]):
        raise Wrong("Under a wrong label the logits do not go the wrong way: which batch is this?")


def _own_loss(seed, d_loss):
    return [2.0, -2.0]


# --- 3.10 Whose gradient? --------------------------------------------------------------------


def _slope(D, x, create_graph=True) -> torch.Tensor:
    x = x.detach().requires_grad_()
    return torch.autograd.grad(D(x).sum(), x, create_graph=create_graph)[0]


def _mean_squared_slope(D, x) -> torch.Tensor:
    return _slope(D, x).square().flatten(1).sum(1).mean()


def _penalty(answer, mistakes) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        x = torch.randn(6, 2, 3, 5)
        head = nn.Linear(8, 1)
        D = nn.Sequential(nn.Flatten(), nn.Linear(30, 8), nn.Tanh(), head, nn.Flatten(0))
    found = call(answer, D, x.clone())
    if numbers(found).numel() != 1:
        raise Wrong(f"One number is expected, not {tuple(numbers(found).shape)}.")
    right = _mean_squared_slope(D, x)
    if not close(found, right, 1e-4):
        for mistake in mistakes.values():
            if close(found, mistake.answer(D, x), 1e-4):
                raise Wrong(mistake.why)
        raise Wrong(
            f"For a small network it returns {float(found):.4g}, and {float(right):.4g} is the "
            "mean over the pictures of their own squared slopes."
        )
    (expected,) = torch.autograd.grad(right, head.weight)
    if not (torch.is_tensor(found) and found.requires_grad):
        raise Wrong(mistakes["no_graph"].why)
    (gradient,) = torch.autograd.grad(found, head.weight)
    if not close(gradient, expected, 1e-4):
        raise Wrong("The number is right, and its gradient with respect to D's weights is not.")


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
        "3.2",
        "ex-three-numbers",
        "a function of (dx, dgz), the two probabilities, that returns the correct loss",
        compare_functions(
            lambda dx, dgz: -(math.log(dx) + math.log(1 - dgz)),
            [(0.9998, 0.9997), (0.5, 0.5), (0.9, 0.2)],
            "dx, dgz",
        ),
        "With these verdicts the fakes alone cost 8; a loss near zero has label 1 on both.",
        fakes_labeled_one=Mistake(
            "That is the colleague's loss: the fakes' term is the one of label 1.",
            lambda dx, dgz: -(math.log(dx) + math.log(dgz)),
        ),
        mean=Mistake(
            "Both terms are *added* in this book; yours is their mean.",
            lambda dx, dgz: -(math.log(dx) + math.log(1 - dgz)) / 2,
        ),
        sign=Mistake(
            "That is the value that D maximizes: a loss is its negative.",
            lambda dx, dgz: math.log(dx) + math.log(1 - dgz),
        ),
    ),
    exercise(
        "3.3",
        "ex-rescue",
        "the floor of the loss with a sigmoid too many, both halves added",
        compare_values([math.log(2) + math.log(1 + math.exp(-1))], ["the floor"]),
        "D separates perfectly, and the log says 1.006: look at the outputs, not at the loss.",
        zero=Mistake(
            "Zero is the floor of a *right* loss; here the outputs stay between 0 and 1.", 0.0
        ),
        mean=Mistake(
            "That is the mean over the concatenated batch: L_D is the sum of both halves, twice "
            "as much.",
            (math.log(2) + math.log(1 + math.exp(-1))) / 2,
        ),
        no_opinion=Mistake(
            "2 log 2 is paid by a discriminator without an opinion; this one is sure.",
            2 * math.log(2),
        ),
        one_half=Mistake(
            "That is the real half alone: a fake whose sigmoid is 0 still costs log 2.",
            math.log(1 + math.exp(-1)),
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
    ),
    exercise(
        "3.6",
        "ex-match",
        'four pairs, as in "1a 2b 3c 4d" in some order',
        _match,
        "Two errors stop the program and are the kind ones; the other two run.",
        silent_errors=Mistake(
            "3 and 4 are swapped: `.numpy()` on a tensor that requires grad *complains*.",
            "1a 2b 3d 4c",
        ),
        graph=Mistake(
            "1 and 2 are swapped: a loss made once has one graph, and it is gone after the first "
            "backward pass.",
            "1b 2a 3c 4d",
        ),
        stays=Mistake(
            "2 and 4 are swapped: if both halves of the loss see one output, its best value is 0, "
            "and the loss stays at log 4.",
            "1a 2d 3c 4b",
        ),
    ),
    exercise(
        "3.7",
        "ex-one-logit",
        "a function of a, shape (N,), that returns the two logits, shape (N, 2)",
        _two_logits,
        "A softmax sees differences only: one of its logits can always be 0.",
        doubled=Mistake(
            "(-a, a) differ by 2a: the softmax's second entry is the sigmoid of *twice* the logit.",
            lambda a: torch.stack([-a, a], dim=1),
        ),
        swapped=Mistake(
            "The columns are swapped: class 1, real, is the second.",
            lambda a: torch.stack([a, torch.zeros_like(a)], dim=1),
        ),
        probabilities=Mistake(
            "These are probabilities: cross-entropy takes logits, and would apply its softmax on "
            "top.",
            lambda a: torch.stack([1 - a.sigmoid(), a.sigmoid()], dim=1),
        ),
    ),
    exercise(
        "3.8",
        "ex-range",
        "a function diagnose(real, fake) that returns a text, another one for each of five cases",
        _diagnosis,
        "Five cases, five names, from two smallest and two largest pixels.",
        real_only=Mistake(
            "Fakes from a sigmoid pass as fine: look at the smallest *fake* pixel as well.",
            lambda: _by_reals,
        ),
        negative_only=Mistake(
            "Bytes and [0, 1] get one name: the smallest pixel is 0 in both, the largest is not.",
            lambda: _by_sign,
        ),
    ),
    exercise(
        "3.9",
        "ex-smoke",
        "a function push(seed, d_loss) that returns how far the mean logits moved, on the reals "
        "and on the fakes",
        _push,
        "Reals up, fakes down, on the batch of the update: no label bug passes that.",
        no_step=Mistake(
            "Nothing moved: is there an `optimizer.step()` between the two measurements?",
            lambda: lambda seed, d_loss: [0.0, 0.0],
        ),
        fakes_first=Mistake(
            "The order is reversed: first the reals, then the fakes.",
            lambda: lambda seed, d_loss: [-2.0, 2.0],
        ),
        own_loss=Mistake(
            "The same answer for three different losses: update with the `d_loss` that is handed "
            "in.",
            lambda: _own_loss,
        ),
    ),
    exercise(
        "3.10",
        "ex-penalty",
        "a function penalty(D, x) that returns the mean squared length of D's gradient at the "
        "pictures x, one number with a graph",
        _penalty,
        "Each picture's own gradient, all its axes, squared, and only then the mean.",
        whole_batch=Mistake(
            "That is the squared norm over the whole batch: it grows with the number of pictures. "
            "Sum over each picture, then take the mean.",
            lambda D, x: _slope(D, x).square().sum(),
        ),
        last_axis=Mistake(
            "The norm runs over the last axis only, one row of pixels: flatten each picture first.",
            lambda D, x: _slope(D, x).square().sum(-1).mean(),
        ),
        not_squared=Mistake(
            "That is the mean length; the penalty takes the mean of its square.",
            lambda D, x: _slope(D, x).flatten(1).norm(dim=1).mean(),
        ),
        no_graph=Mistake(
            "The number is right, and no gradient goes through it: `create_graph=True`, and no "
            "`.item()` or `.detach()`.",
            lambda D, x: _mean_squared_slope(D, x).detach(),
        ),
    ),
)
