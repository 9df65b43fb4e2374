"""Whether what a network makes of a row depends on the other rows of its batch."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import torch
from torch import Tensor, nn
from torch.func import functional_call

from study.engines.network_check.subject import one_number_each

# What a network makes of rows (rows, features), given the derivatives (rows,) of a number that
# each row's outputs give, and where in a batch the first row stands: predictions (rows, ...), the
# gradients of those numbers by the inputs (rows, features), and those by each parameter, summed
# over the rows. The predictions may come alone.
Answer = Callable[[Tensor, Tensor, int], list[Tensor]]

# The first rows of a batch that are looked at one by one, and how many more of the rest.
_FIRST, _MORE = 6, 6
# How large rows are beside ordinary ones, one after another, and those that are nobody's.
_MAGNITUDES = (1.0, 5.0, 0.3, 100.0, 20.0, 1.0, 1000.0)
_STRANGE = 1e6
# And how large the derivatives of their predictions are.
_D_LARGE = 1000.0
# Part of a number that is rounding; of the largest number; and of what a change of the inputs in
# the last place does, which grows where a network magnifies small differences.
_ROUNDING, _OF_LARGEST, _OF_NUDGE = 1e-3, 1e-5, 30
_LAST_PLACE = 2.0**-23


def answer(network: nn.Module, state: Mapping[str, Tensor], x: Tensor, d_y: Tensor) -> list[Tensor]:
    """Predictions and gradients of rows, by a network with other tensors in place of its own.

    state : parameters, and buffers, by name; gradients are those of the ones that require them
    """
    x = x.clone().requires_grad_(True)
    y = functional_call(network, dict(state), (x,))
    weights = [value for value in state.values() if value.requires_grad]
    gradients = torch.autograd.grad(
        (one_number_each(y) * d_y).sum(), [x, *weights], allow_unused=True, materialize_grads=True
    )
    return [y.detach(), *gradients]


def depending(alone: Answer, together: Answer, x: Tensor, sizes: Sequence[int]) -> str | None:
    """What depends on a row's neighbours: "prediction" or "gradient"; None if nothing is seen to.

    Rows of a batch are held against the same rows alone, as they are, in batches of all `sizes`,
    and larger; and against themselves beside others that are huge, or not finite. What cannot be
    computed of those that are nobody's tells nothing.

    x : as many rows as the largest batch has
    """
    if unlike := _unlike_alone(alone, together, x, 1.0, sizes):
        return unlike
    large = x * torch.tensor(_MAGNITUDES).repeat(len(x))[: len(x), None]
    with suppress(Exception):
        if unlike := _unlike_alone(alone, together, large, _D_LARGE, [len(x)]):
            return unlike
    return changing(together, x)


def changing(together: Answer, x: Tensor) -> str | None:
    """The same, of every second row of a batch, once those between are huge or not finite."""
    for strange in (_STRANGE, torch.nan):
        with suppress(Exception):
            if unlike := _unlike_before(together, x, strange):
                return unlike
    return None


def _unlike_alone(
    alone: Answer, together: Answer, x: Tensor, size: float, sizes: Sequence[int]
) -> str | None:
    """What differs between batches of the first rows and rows alone; `size` is that of d_y."""
    places = _looked_at(len(x))
    # Others are copies, so that what is not finite of a row is looked at.
    x = x[[max(place for place in places if place <= row) for row in range(len(x))]]
    generator = torch.Generator().manual_seed(2)
    d_y = torch.zeros(len(x))
    d_y[places] = (
        size * _signs(len(places), generator) * (1 + torch.rand(len(places), generator=generator))
    )
    nudged = x * (1 + _LAST_PLACE * _signs(x.shape, generator))

    def one_by_one(rows: Tensor) -> list[list[Tensor]]:
        return [alone(rows[place, None], d_y[place, None], place) for place in places]

    each = one_by_one(x)
    near: list[list[Tensor]] = []
    for count in sizes:
        among = [place for place in places if place < count]
        found = _of_rows(together(x[:count], d_y[:count], 0), among)
        expected = _added(each[: len(among)])
        if _unlike(found, expected, expected):
            near = near or one_by_one(nudged)  # seldom needed
            if unlike := _unlike(found, expected, _added(near[: len(among)])):
                return unlike
    return None


def _unlike_before(together: Answer, x: Tensor, strange: float) -> str | None:
    """What of every second row differs once those between are strange."""
    generator = torch.Generator().manual_seed(3)
    d_y = _signs(len(x), generator)
    changed, d_changed = x.clone(), d_y.clone()
    changed[1::2] = strange * torch.randn(x[1::2].shape, generator=generator)
    d_changed[1::2] *= _D_LARGE
    kept = list(range(0, len(x), 2))
    before, after = (
        _of_rows(together(rows, d_rows, 0), kept)[:2]
        for rows, d_rows in ((x, d_y), (changed, d_changed))
    )
    return _unlike(after, before, before)


def _looked_at(count: int) -> list[int]:
    """Places of a batch whose rows are looked at one by one."""
    more = torch.linspace(0, count - 1, _MORE).round().int().tolist()
    return sorted({*range(min(count, _FIRST)), *more})


def _signs(shape: int | torch.Size, generator: torch.Generator) -> Tensor:
    """As many of 1 and -1."""
    sizes = (shape,) if isinstance(shape, int) else shape
    return 2.0 * torch.randint(2, sizes, generator=generator) - 1


def _of_rows(found: list[Tensor], places: list[int]) -> list[Tensor]:
    """Of what a batch gives, what is by row of some rows alone."""
    return [*(part[places] for part in found[:2]), *found[2:]]


def _added(each: list[list[Tensor]]) -> list[Tensor]:
    """What a batch would give whose rows are on their own."""
    parts = list(zip(*each, strict=True))
    return [*map(torch.cat, parts[:2]), *(torch.stack(part).sum(0) for part in parts[2:])]


def _unlike(found: list[Tensor], expected: list[Tensor], near: list[Tensor]) -> str | None:
    """What differs by more than rounding; `near` is expected of inputs all but the same."""
    for what, parts in (("prediction", slice(0, 1)), ("gradient", slice(1, None))):
        largest = max((_size(part) for part in expected[parts]), default=0.0)
        for place, (one, other, moved) in enumerate(
            zip(found[parts], expected[parts], near[parts], strict=True)
        ):
            rows = len(other) if place == 0 else 1  # the first of each are by row
            by_row = [part.reshape(rows, -1) for part in (one, other, moved) if part.numel()]
            if by_row and not _close(*by_row, largest=largest):
                return what
    return None


def _close(one: Tensor, other: Tensor, moved: Tensor, *, largest: float) -> bool:
    """Whether rows of numbers are the same but for rounding, infinite and missing ones too."""
    size, noise = (
        part.nan_to_num(0, 0, 0).abs().amax(1, keepdim=True) for part in (other, moved - other)
    )
    tolerance = _ROUNDING * size + _OF_NUDGE * noise + _OF_LARGEST * largest + 1e-12
    same = (one == other) | (one.isnan() & other.isnan())
    return bool((same | ((one - other).abs() <= tolerance)).all())


def _size(part: Tensor) -> float:
    return float(part.nan_to_num(0, 0, 0).abs().max()) if part.numel() else 0.0
