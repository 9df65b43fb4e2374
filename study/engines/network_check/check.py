"""What the harness asks of a network, checked before anything is trained or written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from study.common.errors import first_line
from study.common.findings import FAULT, NOTE, PASSED, Finding, faults
from study.common.shortage import refuse_shortage
from study.engines.network_check.building import (
    being_built,
    being_stored,
    having_parameters,
    importing,
    initial_weights,
    taking_arguments,
)
from study.engines.network_check.forward import (
    being_alike,
    drawing_nothing,
    dropping_out,
    keeping_nothing,
    mapping_rows,
    modes,
)
from study.engines.network_check.quiet import quietly
from study.engines.network_check.seeds_at_once import (
    having_gradients,
    measuring_together,
    minding_no_neighbours,
    training_together,
)
from study.engines.network_check.subject import Find, Subject
from study.networks.build import Unfit
from study.networks.remedies import remedy_for
from study.recipes.model import ModelRecipe

NEIGHBOURS = "N016"


def check_network(
    recipe: ModelRecipe,
    train_x: np.ndarray,
    test_x: np.ndarray,
    variables: Mapping[str, Sequence[int]] | None = None,
    outputs: int = 1,
) -> list[Finding]:
    """Check that the network of a recipe can be trained and measured as the harness does it.

    Parameters
    ----------
    recipe : names the network, its arguments and the size of its batches
    train_x, test_x : (rows, features) on which it is tried
    variables : the columns of each variable by name; without them, it is not asked whether
        predictions have gradients by all that they depend on
    outputs : how many numbers are to be predicted of a row

    Returns at least one finding of each check, in the order of the checks. Each group of
    checks rests on the ones before; after a group with a fault there are no more. Raises
    nothing, whatever the network does, and leaves all random generators as they were.
    """
    tables = torch.from_numpy(train_x), torch.from_numpy(test_x)
    subject = Subject(recipe, *tables, variables or {}, outputs)
    findings: list[Finding] = []
    with quietly() as said:
        for group in _GROUPS:
            for code, says, find in group:
                found = _found(find, subject) or [Finding(PASSED, says.format(subject.mapped))]
                findings += [replace(finding, code=code) for finding in found]
            if faults(findings):
                break
    if said.getvalue():
        what = "it prints, and would do so in every step of training"
        findings.append(Finding(NOTE, what, "take print out of __init__ and forward", "N017"))
    elif not faults(findings):
        findings.append(Finding(PASSED, "it prints nothing", code="N017"))
    return findings


def refuse_unfit(
    recipe: ModelRecipe, train_x: np.ndarray, test_x: np.ndarray, outputs: int = 1
) -> list[Finding]:
    """What is found of a network that can be used. Raises Unfit, with the first fault, if not."""
    findings = check_network(recipe, train_x, test_x, outputs=outputs)
    found = faults(findings)
    if found:
        more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
        remedy = f"{found[0].remedy} ({found[0].code}{more}: 'study model check' lists all)"
        raise Unfit(recipe, found[0].what, remedy)
    return findings


def _found(find: "Find", subject: "Subject") -> list[Finding]:
    try:
        return list(find(subject))
    except Unfit as error:
        return [Finding(FAULT, error.what, error.remedy)]
    except (Exception, SystemExit) as error:  # a stranger's network may raise anything
        refuse_shortage(error)
        remedy = remedy_for(error, "mend the class: this must work for every row of the data")
        return [Finding(FAULT, first_line(error), remedy)]


_GROUPS: tuple[tuple[tuple[str, str, Find], ...], ...] = (
    (("N001", "the class can be imported", importing),),
    (("N002", "it takes inputs and the recipe's arguments by name", taking_arguments),),
    (("N003", "it can be built", being_built),),
    (("N004", "parameters are float32 and trained", having_parameters),),
    (
        ("N005", "its weights can be stored", being_stored),
        ("N006", "initial weights follow from the seed alone", initial_weights),
        ("N007", "(rows, features) are mapped to {}, for any number of rows", mapping_rows),
    ),
    (("N008", "forward draws no random numbers", drawing_nothing),),
    (
        ("N009", "each dropout module is used once", dropping_out),
        ("N010", "forward keeps nothing", keeping_nothing),
    ),
    (("N011", "seeds differ in their parameters alone", being_alike),),
    (
        ("N012", "training and eval mode differ by dropout alone", modes),
        ("N013", "inputs and parameters have gradients", having_gradients),
    ),
    (("N014", "seeds can be trained together", training_together),),
    (("N015", "seeds can be evaluated together", measuring_together),),
    ((NEIGHBOURS, "a row's prediction does not depend on its neighbours", minding_no_neighbours),),
)
CHECKS = 1 + sum(map(len, _GROUPS))
