"""The check of one's own networks: what it finds goes wrong without it, what passes works."""

import pickle
import random
from collections.abc import Callable
from dataclasses import replace

import networks_to_check as networks
import numpy as np
import pytest
import torch
from conftest import shipped, train
from plain_loop import Masks, plain_loop, real
from torch import nn

from study.common.errors import InputError
from study.common.findings import FAULT, NOTE, PASSED, Finding, faults
from study.datasets.dataset import Dataset
from study.engines.network_check.check import CHECKS, check_network, refuse_unfit
from study.engines.replicates import Replicate
from study.engines.torch.prediction import TorchStack
from study.networks.build import build
from study.networks.dropout import Dropout
from study.recipes.find import DEFAULT_MODELS
from study.recipes.model import ModelRecipe


def named(network: str, **arguments: object) -> ModelRecipe:
    """A recipe of three epochs in batches of ten."""
    recipe = shipped("linear", epochs=3)
    return recipe.model_copy(update={"network": network, "arguments": arguments})


def of(network: type[nn.Module], **arguments: object) -> ModelRecipe:
    return named(f"networks_to_check:{network.__name__}", **arguments)


@pytest.fixture(scope="module")
def few(people) -> Dataset:
    """21 rows: the last batch is a single row."""
    return replace(
        people, train_x=people.train_x[:21], train_y=people.train_y[:21], test_x=people.test_x[:6]
    )


def check(recipe: ModelRecipe, dataset: Dataset) -> list[Finding]:
    return check_network(recipe, dataset.train_x, dataset.test_x)


def symptom(recipe: ModelRecipe, dataset: Dataset) -> str | None:
    """What goes wrong when the harness uses a network that nobody has checked."""
    x = dataset.test_x.copy()
    untrained = [Replicate("untrained", replicate.streams) for replicate in real(0, 1)]
    try:
        start = train(recipe, untrained, dataset)
        both, alone = train(recipe, real(0, 1), dataset), train(recipe, real(1), dataset)
        stack = TorchStack(build(recipe, inputs=8, init=0), both.weights)
        (other, predictions), gradients = stack.predict(x), stack.gradients(x)
        stack.predict_together(x)
    except (Exception, SystemExit) as error:
        return f"raises {type(error).__name__}"
    if not np.array_equal(x, dataset.test_x):
        return "changes the data"
    if not np.isfinite(predictions).all():
        return "predictions are not finite"
    if any(array.dtype != np.float32 for array in both.weights.values()):
        return "weights are rounded when they are stored"
    if all(np.array_equal(*weights) for weights in start.weights.values()):
        return "all seeds start the same"
    if np.array_equal(other, predictions):
        return "all seeds predict the same"
    if not gradients.any() or not both.occasions.any():
        return "no gradients"
    if any(
        not np.array_equal(both.weights[name][1], alone.weights[name][0]) for name in both.weights
    ):
        return "a seed depends on its company, or on another generator"
    network = build(recipe, inputs=8, init=1)
    if any(isinstance(module, Dropout) for module in network.modules()):
        return None
    plain_loop(network, dataset, 1, 3, 10, Masks(1))
    plain = network.eval()(torch.from_numpy(x)).detach()
    # Not the weights: those that change no prediction, such as the keys' bias in attention, have
    # a gradient of rounding errors, which Adam makes as large as any.
    if not np.allclose(predictions, plain, atol=1e-4):
        return "another prediction than after a plain loop"
    return None


FAULTS = {
    "N001": [
        (named("nowhere:Net"), "cannot be imported: ModuleNotFoundError: No module named 'nowhere'", "importable module"),
        (named("networks_to_check:Nett"), "has no attribute 'Nett'", "importable module"),
        (named("no_python:Net"), "SyntaxError: ", "mend the module"),
        (named("builtins:dict"), "is not a torch.nn.Module class", "derived"),
    ],
    "N002": [
        (of(networks.Net, wdith=3), "takes no argument 'wdith'", "inputs, width"),
        (of(networks.Width), "needs the argument 'width'", "[arguments]"),
        (of(networks.NoInputs), "takes no argument 'inputs'", "let __init__ take inputs"),
        (of(networks.Net, inputs=3), "[arguments] names 'inputs'", "leave it out"),
    ],
    "N003": [
        (of(networks.Raising), "ZeroDivisionError: division by zero (networks_to_check.py, line ", "__init__"),
        (of(networks.Exiting), "it ends the program (sys.exit)", "__init__"),
        (of(networks.NoSuper), "cannot assign module", "super().__init__() first"),
    ],
    "N004": [
        (of(networks.NoParameters), "it has no parameters", "nn.Parameter"),
        (of(networks.Lazy), "'hidden.weight', 'hidden.bias' is not initialised", "torch.nn.Linear(inputs"),
        (of(networks.Double), "'hidden.weight', 'hidden.bias', 'output.weight' and 1 more is not float32", ".double()"),
        (of(networks.Frozen), "'hidden.weight', 'hidden.bias' is frozen", "register_buffer"),
        (of(networks.Empty), "parameter 'scale' is not finite", "torch.nn.init"),
    ],
    "N006": [
        (of(networks.NumpyStart), "parameter 'scale' starts elsewhere", "by torch alone"),
        (of(networks.Seeding), "__init__ seeds torch's generator", "manual_seed"),
        (of(networks.AnyWidth), "other names or shapes", "arguments alone"),
    ],
    "N007": [
        (of(networks.Column), "1 row gives shape (1, 1)", ".squeeze(-1)"),
        (of(networks.Squeezed), "1 row gives shape ()", ".squeeze(-1)"),
        (of(networks.Pair), "1 row gives tuple", "return one tensor"),
        (of(networks.Rounded), "predicts torch.bfloat16", "float32"),
        (of(networks.Logarithm), "not finite", "logarithm"),
        (of(networks.ClampsInput), "changes its input", "new tensors"),
        (of(networks.RowPositions), "index 10 is out of bounds", "every row"),
        (of(networks.Unspeakable), "Unreadable (networks_to_check.py, line ", "mend"),
        (of(networks.BatchStatistics), "more than 1 value per channel", "LayerNorm"),
    ],
    "N011": [
        (of(networks.RandomBuffer), "buffer 'scale' differs between seeds", "a constant"),
        (of(networks.RandomAttribute), "something else differs", "draw nothing else"),
        (of(networks.HiddenLayers), "weights are hidden", "nn.ModuleList"),
    ],
    "N008": [
        (of(networks.TorchDropout), "random numbers of 'torch' in training mode (by 'dropout')", "study.networks.dropout.Dropout"),
        (of(networks.FunctionalDropout), "random numbers of 'torch' in training mode", "study.networks.dropout.Dropout"),
        (of(networks.Noise), "random numbers of 'torch'", "draw nothing"),
        (of(networks.NumpyNoise), "random numbers of 'numpy'", "draw nothing"),
        (of(networks.Encoder), "(by 'layer.self_attn', 'layer.dropout', 'layer.dropout1' and 1 more)", "dropout=0"),
    ],
    "N009": [
        (of(networks.Twice), "'dropout' is used 2 times", "module of its own"),
        (of(networks.InTrainingOnly), "'dropout' is not used alike", "call it always"),
    ],
    "N010": [
        (of(networks.Running), "buffer 'mean' changes in training", "LayerNorm"),
        (of(networks.Counter), "attribute 'steps'", "keep no count"),
        (of(networks.MovingMean), "predicted otherwise after another", "leave nothing behind"),
        (of(networks.Drifting), "changes parameter 'output.bias'", "let training"),
    ],
    "N013": [
        (of(networks.Detached), "no gradient with respect to the inputs", "detach()"),
        (of(networks.NoGrad), "no gradient with respect to the inputs", "torch.no_grad()"),
        (of(networks.Root), "gradients are not finite", "root"),
        (of(networks.InPlace), "inplace operation", "new tensors"),
        (of(networks.Parameterless), "depends on no parameter", "use them"),
    ],
    "N014": [
        (of(networks.Branching), "data-dependent control flow", "torch.where"),
        (of(networks.Item), ".item() on a Tensor", "torch.where"),
        (of(networks.Numpy), "Cannot access data pointer", ".numpy()"),
        (of(networks.Masked), "boolean mask", "multiply by the mask"),
        (of(networks.Filled), "inplace arithmetic", "new tensors"),
        (of(networks.OwnFunction), "setup_context", "setup_context apart"),
    ],
    "N015": [
        (of(networks.Recurrent), "aten::lstm.input", "aten::lstm.input for many networks"),
    ],
}  # fmt: skip
CASES = [(code, *case) for code, cases in FAULTS.items() for case in cases]
FAULTY = pytest.mark.parametrize(
    ("code", "recipe", "what", "remedy"),
    CASES,
    ids=[case[1].network.partition(":")[2] for case in CASES],
)


@pytest.fixture(autouse=True)
def no_python(tmp_path, monkeypatch) -> None:
    """A module that does not parse."""
    (tmp_path / "no_python.py").write_text("class Net(:\n")
    monkeypatch.chdir(tmp_path)


@FAULTY
def test_a_fault_is_found_with_its_remedy(few, code, recipe, what, remedy):
    found = [finding for finding in check(recipe, few) if finding.outcome == FAULT]
    assert [finding.code for finding in found] == [code]
    assert what in found[0].what
    assert remedy in found[0].remedy
    with pytest.raises(InputError) as refused:
        refuse_unfit(recipe, few.train_x, few.test_x)
    assert found[0].what in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@FAULTY
def test_a_fault_is_one(few, code, recipe, what, remedy):
    assert symptom(recipe, few) is not None


NOTES = {
    "SameStart": ("N006", "all seeds start from the same weights"),
    "SpareDropout": ("N009", "'dropout' is never used"),
    "Leaving": ("N010", "leaves something in the attribute 'last'"),
    "DoublesInTraining": ("N012", "otherwise in training than in eval mode"),
    "Unused": ("N013", "does not depend on parameter 'spare.weight', 'spare.bias'"),
    "ZeroStart": ("N013", "does not change with the inputs"),
    "Neighbours": ("N016", "depends on its neighbours"),
    "Talking": ("N017", "it prints"),
    "Large": ("N005", "it has 1,000,008 weights: training holds 0.6 GB"),
}


@pytest.mark.parametrize("name", NOTES)
def test_what_is_odd_is_noted_and_no_fault(few, name):
    code, what = NOTES[name]
    odd = [f for f in check(of(getattr(networks, name)), few) if f.outcome != PASSED]
    assert [(finding.outcome, finding.code) for finding in odd] == [(NOTE, code)]
    assert what in odd[0].what
    assert odd[0].remedy


HONEST: list[Callable[..., nn.Module]] = [
    networks.Net,
    networks.Residual,
    networks.Dropping,
    networks.Convolution,
    networks.Attention,
    networks.Tied,
    networks.ConstantBuffer,
    networks.Normed,
    networks.Cells,
]


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize(
    "recipe",
    [*map(of, HONEST), of(networks.Encoder, dropout=0.0)],
    ids=lambda recipe: recipe.network.partition(":")[2],
)
def test_an_honest_network_passes_and_trains_as_in_a_plain_loop(few, recipe):
    findings = check(recipe, few)
    assert [finding for finding in findings if finding.outcome != PASSED] == []
    assert len(findings) == CHECKS
    assert symptom(recipe, few) is None


@pytest.mark.parametrize("name", DEFAULT_MODELS)
def test_the_shipped_networks_pass(people, name):
    odd = [f for f in check(shipped(name), people) if f.outcome != PASSED]
    assert [(f.outcome, f.code) for f in odd] == [(NOTE, "N016")] * (name == "transformer")


def test_the_check_leaves_every_generator_as_it_was(few):
    def states() -> list[object]:
        return [
            random.getstate(),
            np.random.get_state()[1].tolist(),  # noqa: NPY002
            torch.get_rng_state().tolist(),
        ]

    before = states()
    for network in (networks.NumpyNoise, networks.Noise, networks.AnyWidth, networks.NumpyStart):
        check(of(network), few)
    assert states() == before


# -- gradients that tell nothing ---------------------------------------------------------------


def without_gradient(network: type[nn.Module], people: Dataset) -> list[Finding]:
    """What is noted of variables without a gradient, of a network that can be used."""
    variables = dict(zip(people.variables, people.groups, strict=True))
    found = check_network(of(network), people.train_x, people.test_x, variables)
    assert not faults(found), [finding for finding in found if finding.outcome == FAULT]
    return [finding for finding in found if "have no gradient there" in finding.what]


@pytest.mark.parametrize(
    ("network", "names"),
    [
        (networks.Indexed, "'State'"),
        (networks.Compared, "'age'"),
        (networks.InTens, "'age'"),
        (networks.Signed, "'sex', 'age'"),
    ],
)
def test_variables_without_a_gradient_are_noted_by_name(network, names, people):
    (note,) = without_gradient(network, people)
    assert (note.outcome, note.code) == (NOTE, "N013")
    assert note.what.startswith(f"predictions depend on variable {names}, but have no gradient")


@pytest.mark.parametrize("network", [networks.Summed, networks.Unread, networks.Dead])
def test_sums_over_levels_unread_variables_and_units_that_are_off_are_not_noted(network, people):
    assert without_gradient(network, people) == []


@pytest.mark.parametrize("name", DEFAULT_MODELS)
def test_the_shipped_networks_have_gradients_by_all_variables(name, people):
    variables = dict(zip(people.variables, people.groups, strict=True))
    found = check_network(shipped(name), people.train_x, people.test_x, variables)
    assert all("no gradient" not in finding.what for finding in found)
