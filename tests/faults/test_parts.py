import torch
from torch import nn

from gan_tutorial import data, models
from gan_tutorial.faults import get_fault, healthy, parts, signs


def test_data_faults_change_the_range_the_number_or_the_shares():
    for name, span in {
        "bytes-against-tanh": (0, 255),
        "unit-range-against-tanh": (0, 1),
    }.items():
        fault = get_fault(name)
        planted = fault.plant(fault.healthy())
        for dataset in (planted.data, planted.held_out):
            assert (dataset[:].min(), dataset[:].max()) == span
    tiny = get_fault("tiny-data")
    assert len(tiny.plant(tiny.healthy()).data) == 20
    digits = data.load("digits")
    rare = parts.every_nth_of_a_class(digits, label=3, nth=10)
    for label in range(10):
        count = int((digits.labels == label).sum())
        expected = -(-count // 10) if label == 3 else count
        assert int((rare.labels == label).sum()) == expected


def test_a_discriminator_of_single_pixels_is_blind_to_their_order():
    each = parts.EachPixel()
    x = data.load("digits")[:4]
    assert each(x).shape == (4 * 64,)
    torch.testing.assert_close(each(x).reshape(4, 64).sum(1), each(x.mT).reshape(4, 64).sum(1))


def test_instance_noise_reaches_reals_and_fakes_and_signs_do_not_waver():
    fault = get_fault("instance-noise")
    outcome = fault.plant(fault.healthy()).run(steps=1)
    x = torch.zeros(64, 1, 8, 8)
    assert outcome.task.discriminator(x).std() > 1e-3
    assert outcome.task.discriminator.network(x).std() < 1e-6
    first, again = signs.logits(outcome), signs.logits(outcome)
    assert torch.equal(torch.cat(first), torch.cat(again))


def test_a_bottleneck_bounds_the_rank():
    g, _ = parts.bottlenecked(*models.mlp_pair((1, 8, 8), 16), units=3)
    before_tanh = g.net[:-2](torch.randn(100, 16)).detach().double()
    assert torch.linalg.matrix_rank(before_tanh - before_tanh.mean(0), rtol=1e-5) == 3


def test_uneven_kernels_keep_the_size_and_draw_a_checkerboard():
    fault = get_fault("checkerboard")
    case = fault.healthy()
    assert fault.plant(case).build().sample(2).shape == case.build().sample(2).shape
    for loss in ("non-saturating", "relativistic"):
        case = healthy("soccer", loss=loss)
        outcome, sick = case.run(steps=1), fault.plant(case).run(steps=1)
        assert signs.checkerboard(outcome) < fault.threshold < signs.checkerboard(sick)


def test_batch_norm_settings_reach_every_layer():
    networks = parts.with_batch_norm(*models.dcgan_pair(16, discriminator_norm="batch"), eps=0.8)
    layers = [m for n in networks for m in n.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(layers) == 3
    assert all((layer.eps, layer.momentum) == (0.8, 0.1) for layer in layers)
