"""An error that somebody's network raises: what it says, where, and what to do about it."""

import re

DROPOUT = "for dropout use study.networks.dropout.Dropout, and draw nothing else in forward"
_NO_VALUES = (
    "forward runs for many seeds at once, where a tensor has no single value: compute on tensors, "
    "without if, .item(), float(), .tolist() or .numpy() on them (torch.where chooses)"
)
_NEW_TENSORS = "make new tensors instead of changing them in place: x = x + 1 for x += 1, torch.cat"
_REMEDIES = {
    r"randomness error mode": DROPOUT,
    r"\.item\(\) on a Tensor|data-dependent control flow|Cannot access data pointer": _NO_VALUES,
    r"boolean mask|dynamic shape": (
        "the shape of a result must not depend on values: multiply by the mask, or torch.where"
    ),
    r"in-?place": _NEW_TENSORS,
    r"setup_context|autograd\.Function|generate_vmap_rule": (
        "write the autograd.Function for torch.func: setup_context apart from forward, "
        "generate_vmap_rule = True; or use operations that torch differentiates itself"
    ),
    r"Batching rule not implemented for (\S+?)\.? ": (
        "PyTorch cannot run {0} for many networks at once: write it out in other operations"
    ),
    r"does not require grad": (
        "the prediction must be differentiable in the inputs and the parameters: "
        "no detach(), no torch.no_grad(), no torch.tensor(x), no autograd.grad in forward"
    ),
    r"more than 1 value per channel": (
        "each row is also predicted alone, so batch normalisation has nothing to average: "
        "use torch.nn.LayerNorm"
    ),
    r"before Module\.__init__\(\) call": "call super().__init__() first in __init__",
    r"uninitialized|Uninitialized": (
        "give lazy layers their sizes: torch.nn.Linear(inputs, ...) for LazyLinear(...)"
    ),
    r"keep|size of tensor|shapes cannot be multiplied|not broadcastable": (
        "forward gets (rows, inputs), for any number of rows: check the sizes of the layers"
    ),
}


def remedy_for(error: BaseException, otherwise: str) -> str:
    """What to do about an error, by what its message says."""
    try:
        message = f"{error} "
    except Exception:
        return otherwise
    for pattern, remedy in _REMEDIES.items():
        if found := re.search(pattern, message):
            return remedy.format(*found.groups())
    return otherwise
