"""What the notes say of who moves by whose gradients; the loops are in test_loop.py."""

import copy
import pickle

import torch
from torch import nn

from gan_tutorial.doctor.notes import Asked, LoopNotes, Moved, is_compiled


def players():
    torch.manual_seed(0)
    return nn.Linear(3, 2), nn.Sequential(nn.Linear(2, 4), nn.LeakyReLU(), nn.Linear(4, 1))


def test_questions_and_moves_stand_in_their_order():
    G, D = players()
    notes, opt = LoopNotes(G, D), torch.optim.SGD(D.parameters(), 0.1)
    notes.start()
    real, fake = torch.randn(5, 2), G(torch.randn(5, 3))
    D(real), D(fake.detach()), D(fake)
    D(real.clone().requires_grad_()).sum().backward()
    opt.step()
    notes.stop()
    D(real)
    asked = [event for event in notes.events if isinstance(event, Asked)]
    assert [e.made for e in asked] == [False, True, True, False]
    assert [e.tied for e in asked] == [False, False, True, False]
    assert [e.differentiated for e in asked] == [False, False, False, True]
    assert isinstance(notes.events[-1], Moved)
    assert notes.events[-1].players == ("discriminator",)
    assert notes.last_layer == {"discriminator": D[2]}
    assert notes.samples == 20


def test_gradients_that_were_not_cleared_are_seen_in_either_way_of_clearing():
    for set_to_none in (True, False):
        for clear, expected in ((True, ""), (False, "those of an earlier step")):
            G, D = players()
            notes, opt = LoopNotes(G, D), torch.optim.Adam(D.parameters())
            notes.start()
            for _ in range(3):
                if clear:
                    opt.zero_grad(set_to_none=set_to_none)
                D(torch.randn(4, 2)).square().mean().backward()
                D(torch.randn(4, 2)).square().mean().backward()  # two halves of one loss
                opt.step()
            notes.stop()
            assert [e.stale for e in notes.events if isinstance(e, Moved)] == ["", *[expected] * 2]


def test_both_losses_before_both_steps_are_in_order():
    G, D = players()
    notes = LoopNotes(G, D)
    opts = [torch.optim.Adam(net.parameters()) for net in (G, D)]
    notes.start()
    for _ in range(3):
        for opt in opts:
            opt.zero_grad()
        fake = G(torch.randn(4, 3))
        D(fake.detach()).mean().backward()
        D(fake).mean().backward(inputs=list(G.parameters()))
        for opt in opts:
            opt.step()
    notes.stop()
    assert {e.stale for e in notes.events if isinstance(e, Moved)} == {""}


def test_copies_that_are_made_meanwhile_know_nothing_of_it():
    G, D = players()
    notes = LoopNotes(G, D)
    notes.start()
    for made in (copy.deepcopy(D), pickle.loads(pickle.dumps(D))):
        made(torch.randn(2, 2))
        assert not any(m._forward_hooks for m in made.modules())
    notes.stop()
    assert notes.events == []
    assert not is_compiled(G, D)
    D[0]._compiled_call_impl = D[0].forward  # as after D[0].compile()
    assert is_compiled(G, D)
