"""Convolutions as products of matrices: the same numbers, derivatives and choices as torch's."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from gan_tutorial.models import products
from gan_tutorial.models.products import Conv2d, ConvTranspose2d, by_product, conv_transpose2d

HALVING = (4, 2, 1)


@pytest.fixture
def always(monkeypatch):
    """Take the product however few the weights are, in every number format."""
    small = dict.fromkeys((torch.float64, torch.float32, torch.bfloat16), 1)
    monkeypatch.setattr(products, "MANY", small)


@pytest.fixture
def counted(monkeypatch):
    """Count how often a map is cut into windows, or windows are added up."""
    calls = []
    for name in ("_down", "_up", "_whole_to_one", "_one_to_whole"):
        own = getattr(products, name)

        def counting(*args, own=own, name=name):
            calls.append(name)
            return own(*args)

        monkeypatch.setattr(products, name, counting)
    return calls


def pair(ours, theirs, *shape, dtype=torch.float64, bias=True):
    """Make the two layers with the same weights."""
    torch.manual_seed(0)
    one = ours(*shape, bias=bias).to(dtype)
    other = theirs(*shape, bias=bias).to(dtype)
    other.load_state_dict(one.state_dict())
    return one, other


LAYERS = {
    "down": (Conv2d, nn.Conv2d, (5, 7, *HALVING), (3, 5, 8, 6)),
    "up": (ConvTranspose2d, nn.ConvTranspose2d, (5, 7, *HALVING), (3, 5, 4, 3)),
    "whole to one": (Conv2d, nn.Conv2d, (5, 2, (4, 6)), (3, 5, 4, 6)),
    "one to whole": (ConvTranspose2d, nn.ConvTranspose2d, (5, 2, (4, 6)), (3, 5, 1, 1)),
}


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", LAYERS)
def test_values_and_derivatives_are_those_of_torch(always, counted, name, bias, layout):
    ours, theirs, shape, size = LAYERS[name]
    layers = pair(ours, theirs, *shape, bias=bias)
    found = []
    for layer in layers:
        layer.to(memory_format=layout)
        torch.manual_seed(1)
        x = torch.randn(size, dtype=torch.float64).to(memory_format=layout).requires_grad_()
        out = layer(x)
        towards = torch.randn_like(out, memory_format=torch.contiguous_format)
        wanted = (x, *layer.parameters())
        first = torch.autograd.grad(out, wanted, towards, create_graph=True)
        # as a penalty on the gradient does: the slope of its square
        second = torch.autograd.grad(first[0].square().sum(), layer.weight, retain_graph=True)
        third = torch.autograd.grad(first[1].square().sum(), (x, layer.weight), allow_unused=True)
        found.append((out, *first, *second, *(t for t in third if t is not None)))
    assert len(counted) == 1
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", LAYERS)
def test_first_and_second_derivatives_against_differences(always, name):
    ours, _, shape, size = LAYERS[name]
    layer = ours(2, 3, *shape[2:]).double()
    x = torch.randn(1, 2, *size[2:], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, x)
    assert torch.autograd.gradgradcheck(layer, x)


def test_the_two_maps_are_each_other_s_transpose():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 6, dtype=torch.float64)
    windows = products._Windows.apply(x)
    assert windows.shape == (2, 4, 3, 4, 4, 3)
    others = torch.randn_like(windows)
    back = products._Overlap.apply(others)
    assert (windows * others).sum().item() == pytest.approx((x * back).sum().item(), rel=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_transforms_of_functions(always, name):
    ours, theirs, shape, size = LAYERS[name]
    one, other = pair(ours, theirs, *shape)
    x, tangent = torch.randn(2, *size, dtype=torch.float64)
    for forward in (
        lambda layer: torch.func.jvp(layer, (x,), (tangent,))[1],
        lambda layer: torch.func.vmap(lambda row: layer(row[None])[0])(x),
        lambda layer: torch.func.grad(lambda at: layer(at).square().sum())(x),
    ):
        torch.testing.assert_close(forward(one), forward(other))


@pytest.mark.parametrize("name", LAYERS)
def test_in_bfloat16_both_ways_are_equally_far_from_float64(always, counted, name):
    ours, theirs, shape, size = LAYERS[name]
    wide = tuple(64 if each in (5, 7) else each for each in shape)
    one, other = pair(ours, theirs, *wide, dtype=torch.float32)
    x = torch.randn(size[0], wide[0], *size[2:])
    exact = theirs(*wide).double()
    exact.load_state_dict({k: v.double() for k, v in one.state_dict().items()})
    errors = []
    for layer in (one, other):
        at = x.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            out = layer(at)
        assert out.dtype == torch.bfloat16
        out.float().square().sum().backward()
        reference = x.double().requires_grad_()
        exact(reference).square().sum().backward()
        errors.append(
            [
                ((a.double() - b).norm() / b.norm()).item()
                for a, b in ((out, exact(reference)), (at.grad, reference.grad))
            ]
        )
    assert len(counted) == 1
    for product, native in zip(*errors, strict=True):
        assert product < 1.5 * native + 1e-3 < 0.02


ODD = {
    "odd side": (Conv2d, nn.Conv2d, (4, 4, *HALVING), {}, (2, 4, 7, 8)),
    "kernel of 3": (Conv2d, nn.Conv2d, (4, 4, 3, 2, 1), {}, (2, 4, 8, 8)),
    "stride of 1": (Conv2d, nn.Conv2d, (4, 4, 4, 1, 1), {}, (2, 4, 8, 8)),
    "groups": (Conv2d, nn.Conv2d, (4, 4, *HALVING), {"groups": 2}, (2, 4, 8, 8)),
    "dilation": (Conv2d, nn.Conv2d, (4, 4, *HALVING), {"dilation": 2}, (2, 4, 8, 8)),
    "mirrored": (Conv2d, nn.Conv2d, (4, 4, *HALVING), {"padding_mode": "reflect"}, (2, 4, 8, 8)),
    "one picture": (Conv2d, nn.Conv2d, (4, 4, *HALVING), {}, (4, 8, 8)),
    "padded": (Conv2d, nn.Conv2d, (4, 4, 4, 1, 2), {}, (2, 4, 4, 4)),
    "larger output": (
        ConvTranspose2d, nn.ConvTranspose2d, (4, 4, 4, 2, 1), {"output_padding": 1}, (2, 4, 2, 2),
    ),
    "cut": (ConvTranspose2d, nn.ConvTranspose2d, (4, 4, 4, 1, 1), {}, (2, 4, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_what_the_products_do_not_know_goes_torch_s_way(always, counted, case):
    ours, theirs, shape, options, size = ODD[case]
    torch.manual_seed(0)
    one, other = ours(*shape, **options), theirs(*shape, **options)
    other.load_state_dict(one.state_dict())
    x = torch.randn(size)
    assert torch.equal(one(x), other(x))
    assert counted == []


def test_an_asked_for_size_of_the_output_is_kept(always):
    one, other = pair(ConvTranspose2d, nn.ConvTranspose2d, 4, 4, *HALVING)
    x = torch.randn(2, 4, 3, 3, dtype=torch.float64)
    assert torch.equal(one(x, [7, 7]), other(x, [7, 7]))


@pytest.mark.parametrize(
    ("small", "weights", "dtype", "expected"),
    [
        (16, 2**21, torch.float32, True),  # 512 to 256 channels, 4x4 to 8x8
        (16, 2**19, torch.float32, False),  # half as many of each
        (16, 2**19, torch.bfloat16, True),
        (16, 2**17, torch.bfloat16, True),
        (16, 2**15, torch.bfloat16, False),
        (64, 2**21, torch.float32, False),  # a larger map
        (64, 2**21, torch.bfloat16, False),
        (16, 2**21, torch.float64, False),
    ],
)
def test_the_rule(small, weights, dtype, expected):
    assert by_product(small, weights, dtype) is expected


def test_the_rule_goes_by_the_precision_that_is_computed_in(counted):
    layer, x = Conv2d(64, 128, *HALVING), torch.randn(2, 64, 8, 8)
    layer(x)
    assert counted == []
    with torch.autocast("cpu", torch.bfloat16):
        layer(x)
    assert counted == ["_down"]
    up = ConvTranspose2d(128, 64, *HALVING)
    up(torch.randn(2, 128, 4, 4))
    assert counted == ["_down"]
    with torch.autocast("cpu", torch.bfloat16):
        up(torch.randn(2, 128, 4, 4))
    assert counted == ["_down", "_up"]


def test_a_traced_network_has_torch_s_convolutions(always):
    layer, x = Conv2d(4, 4, *HALVING), torch.randn(1, 4, 8, 8)
    kinds = [node.kind() for node in torch.jit.trace(layer, x).inlined_graph.nodes()]
    assert any("conv" in kind for kind in kinds)
    assert not any("as_strided" in kind for kind in kinds)


def test_the_function_agrees_with_torch_for_any_weights(always):
    torch.manual_seed(0)
    x, weight, bias = torch.randn(2, 3, 4, 4), torch.randn(3, 5, 4, 4), torch.randn(5)
    expected = functional.conv_transpose2d(x, weight, bias, stride=2, padding=1)
    torch.testing.assert_close(conv_transpose2d(x, weight, bias), expected)
