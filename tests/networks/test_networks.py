import math

import pytest
import torch
from conftest import shipped
from torch import nn

from study.common.errors import InputError
from study.demo import PublishedTransformer
from study.networks.build import build
from study.networks.dropout import Dropout
from study.networks.linear import Linear
from study.networks.mlp import MLP
from study.networks.transformer import Transformer, sinusoids

PUBLISHED = {
    "inputs": 8,
    "token_width": 4,
    "heads": 2,
    "layers": 2,
    "feedforward_width": 10,
    "hidden_width": 10,
    "position_dropout": 0.2,
    "layer_dropout": 0.1,
    "positions": "batch",
}


def stock_encoder(network: Transformer) -> nn.TransformerEncoder:
    """torch's own encoder with the weights of a network's layers."""
    first = network.layers[0]
    layer = nn.TransformerEncoderLayer(
        d_model=first.contract.out_features,
        nhead=first.attention.heads,
        dim_feedforward=first.expand.out_features,
        batch_first=True,
    )
    encoder = nn.TransformerEncoder(layer, len(network.layers), enable_nested_tensor=False)
    encoder.double()
    for stock, ours in zip(encoder.layers, network.layers, strict=True):
        stock.load_state_dict(
            {
                "self_attn.in_proj_weight": ours.attention.query_key_value,
                "self_attn.in_proj_bias": ours.attention.query_key_value_bias,
                "self_attn.out_proj.weight": ours.attention.output.weight,
                "self_attn.out_proj.bias": ours.attention.output.bias,
                "linear1.weight": ours.expand.weight,
                "linear1.bias": ours.expand.bias,
                "linear2.weight": ours.contract.weight,
                "linear2.bias": ours.contract.bias,
                "norm1.weight": ours.attention_norm.weight,
                "norm1.bias": ours.attention_norm.bias,
                "norm2.weight": ours.feedforward_norm.weight,
                "norm2.bias": ours.feedforward_norm.bias,
            }
        )
    return encoder.eval()


def textbook_encoding(count: int, width: int) -> torch.Tensor:
    """Sine and cosine by the formula of Vaswani et al. (2017), one number at a time."""
    return torch.tensor(
        [
            [
                (math.sin if i % 2 == 0 else math.cos)(position / 10000 ** (2 * (i // 2) / width))
                for i in range(width)
            ]
            for position in range(count)
        ],
        dtype=torch.float64,
    )


@pytest.mark.parametrize("positions", ["batch", "tokens"])
@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"inputs": 5, "token_width": 6, "heads": 3, "layers": 3, "feedforward_width": 7},
        {"inputs": 1, "token_width": 3, "heads": 1, "layers": 1, "hidden_width": 1},
    ],
)
def test_in_eval_mode_it_is_torch_s_own_encoder(positions, sizes):
    torch.manual_seed(1)
    arguments = PUBLISHED | sizes | {"positions": positions}
    # In double precision, so that nothing but another arithmetic could differ so much.
    network = Transformer(**arguments).eval().double()
    for parameter in network.parameters():  # every weight and bias takes part
        parameter.data += 0.3 * torch.randn_like(parameter)
    x = torch.randn(12, arguments["inputs"], dtype=torch.float64)
    width = arguments["token_width"]
    tokens = torch.stack(
        [
            x[:, [i]] * network.embedding.weight[i] + network.embedding.bias[i]
            for i in range(arguments["inputs"])
        ],
        dim=1,
    )
    if positions == "batch":
        tokens = tokens + textbook_encoding(12, width)[:, None, :]
    else:
        tokens = tokens + textbook_encoding(arguments["inputs"], width)[None, :, :]
    encoded = stock_encoder(network)(tokens)
    expected = network.output(torch.tanh(network.hidden(encoded.reshape(12, -1))))
    torch.testing.assert_close(network(x), expected[:, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", [0, 7, 12345])
def test_initial_weights_are_those_of_the_published_construction(seed):
    torch.manual_seed(seed)
    published = PublishedTransformer().state_dict()
    ours = build(shipped("transformer"), inputs=8, init=seed).state_dict()
    expected = {
        "embedding.weight": torch.cat(
            [published[f"embeddings.{i}.weight"] for i in range(8)], dim=1
        ).T,
        "embedding.bias": torch.zeros(8, 1),
        "hidden.weight": published["hidden.weight"],
        "hidden.bias": published["hidden.bias"],
        "output.weight": published["output.weight"],
        "output.bias": published["output.bias"],
    }
    names = {
        "attention.query_key_value": "self_attn.in_proj_weight",
        "attention.query_key_value_bias": "self_attn.in_proj_bias",
        "attention.output.weight": "self_attn.out_proj.weight",
        "attention.output.bias": "self_attn.out_proj.bias",
        "expand.weight": "linear1.weight",
        "expand.bias": "linear1.bias",
        "contract.weight": "linear2.weight",
        "contract.bias": "linear2.bias",
        "attention_norm.weight": "norm1.weight",
        "attention_norm.bias": "norm1.bias",
        "feedforward_norm.weight": "norm2.weight",
        "feedforward_norm.bias": "norm2.bias",
    }
    for layer in range(2):
        for name, stock in names.items():
            expected[f"layers.{layer}.{name}"] = published[f"encoder.layers.{layer}.{stock}"]
    assert ours.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(ours[name], value), name


def test_the_published_state_dict_holds_the_unused_original_layer():
    published = PublishedTransformer().state_dict()
    assert torch.equal(
        published["layer.linear1.weight"], published["encoder.layers.0.linear1.weight"]
    )


def test_the_published_form_depends_on_the_row_s_place_and_the_corrected_does_not():
    x = torch.randn(1, 8).repeat(3, 1)
    for positions, same in (("batch", False), ("tokens", True)):
        network = Transformer(**PUBLISHED | {"positions": positions}).eval()
        prediction = network(x)
        assert torch.allclose(prediction, prediction[0], atol=1e-6) == same


def test_a_row_alone_has_position_0():
    assert torch.equal(sinusoids(1, 4, torch.float32), torch.tensor([[0.0, 1.0, 0.0, 1.0]]))


def test_mlp_and_linear_are_torch_s_layers_with_torch_s_initial_weights():
    for seed in range(3):
        torch.manual_seed(seed)
        stock = nn.Sequential(
            nn.Linear(8, 10), nn.Tanh(), nn.Linear(10, 10), nn.Tanh(), nn.Linear(10, 1)
        )
        x = torch.randn(5, 8)
        network = build(shipped("mlp"), inputs=8, init=seed)
        torch.testing.assert_close(network(x), stock(x)[:, 0], rtol=0, atol=1e-7)
        torch.manual_seed(seed)
        stock = nn.Linear(8, 1)
        network = build(shipped("linear"), inputs=8, init=seed)
        torch.testing.assert_close(network(x), stock(x)[:, 0], rtol=0, atol=1e-7)


def test_building_leaves_torch_s_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    build(shipped("transformer"), inputs=8, init=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_multiplies_by_the_mask_it_is_given():
    dropout = Dropout(0.25)
    x = torch.randn(4, 3)
    dropout.keep = torch.tensor([0.0, 4 / 3, 4 / 3])
    torch.testing.assert_close(dropout(x), x * torch.tensor([0.0, 4 / 3, 4 / 3]))
    assert torch.equal(dropout.eval()(x), x)
    assert torch.equal(Dropout(0)(x), x)
    assert "keep" not in dropout.state_dict()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Transformer(**PUBLISHED | {"heads": 3}), "token_width must be a multiple of heads, but got 4 and 3"),
        (lambda: Transformer(**PUBLISHED | {"layers": 0}), "layers must be at least 1, but got 0"),
        (lambda: Transformer(**PUBLISHED | {"inputs": 513}), "inputs must be at most 512, .* got 513: leave"),
        (lambda: Transformer(**PUBLISHED | {"positions": "row"}), 'positions must be "batch" or "tokens", but got "row"'),
        (lambda: Transformer(**PUBLISHED | {"layer_dropout": 1.0}), "dropout probability must be .*1.0"),
        (lambda: MLP(inputs=8, hidden_widths=[0]), "hidden_widths must be at least 1"),
        (lambda: Linear(inputs=0), "inputs must be at least 1"),
    ],
)  # fmt: skip
def test_impossible_sizes_are_named(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"network": "study.networks.mlp:MLQ"}, "has no attribute 'MLQ'"),
        ({"network": "nowhere.at.all:MLP"}, "No module named 'nowhere'"),
        ({"network": "study.networks:build"}, "is not a torch.nn.Module class"),
        ({"arguments": {"widths": [3]}}, "hidden_widths"),
        ({"arguments": {"hidden_widths": [0]}}, "at least 1"),
    ],
)
def test_a_recipe_that_names_no_network_is_refused(change, reason):
    with pytest.raises(InputError, match=reason):
        build(shipped("mlp").model_copy(update=change), inputs=8, init=0)


@pytest.mark.parametrize("positions", ["batch", "tokens"])
def test_it_works_on_whatever_device_its_weights_lie(positions):
    network = Transformer(**PUBLISHED | {"positions": positions}).eval().to("meta")
    assert network(torch.empty(3, 8, device="meta")).device.type == "meta"
