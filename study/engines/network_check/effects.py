"""Whether gradients tell of all that predictions depend on."""

import torch

from study.engines.network_check.subject import Subject, one_number

# Rows that are tried, and how far apart those are whose values are exchanged.
_ROWS = 200
_APART = (1, 2, 5)
_ROUNDING = 1e-6


def without_gradient(subject: Subject) -> list[str]:
    """Variables on which predictions depend, and by which their gradient is 0 in all rows.

    In each row the columns of a variable are exchanged for those of another row. The gradient has
    to be 0 before and after, so that a unit that is merely off in a row does not count.
    """
    networks = [subject.network(init, training=False) for init in (0, 1)]
    x = subject.x(min(len(subject.train_x), _ROWS))
    found = []
    for name, group in subject.variables.items():
        columns = list(group)
        depends = sloped = False
        for apart in _APART:
            changed = x.clone()
            changed[:, columns] = x.roll(apart, 0)[:, columns]
            for network in networks:
                (before, slope), (after, other) = (
                    _predicted(network, rows) for rows in (x, changed)
                )
                sloped |= bool(slope[:, columns].any() or other[:, columns].any())
                size = float(before.abs().max())
                depends |= float((before - after).abs().max()) > _ROUNDING * size
        if depends and not sloped:
            found.append(name)
    return found


def _predicted(network: torch.nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs (rows, ...), and their gradients by the inputs (rows, features)."""
    x = x.clone().requires_grad_(True)
    y = network(x)
    (gradients,) = torch.autograd.grad(
        one_number(y), [x], allow_unused=True, materialize_grads=True
    )
    return y.detach(), gradients
