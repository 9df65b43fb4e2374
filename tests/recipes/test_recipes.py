import re
from pathlib import Path

import pytest
from conftest import ROOT

from study.common.errors import InputError
from study.recipes.base import fingerprint
from study.recipes.find import DEFAULT_MODELS, builtin_names, find_dataset, find_model

MODEL = (ROOT / "models" / "transformer.toml").read_text()
DATASET = (ROOT / "data" / "people.toml").read_text()


def refused(find, tmp_path: Path, text: str) -> str:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        find(str(path))
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_shipped_recipes_load():
    assert set(builtin_names("models")) == set(DEFAULT_MODELS)
    for name in DEFAULT_MODELS:
        assert find_model(name).recipe.training.epochs == 300
    assert builtin_names("data") == ["diabetes", "people", "planted", "wine"]
    for name in builtin_names("data"):
        recipe = find_dataset(name).recipe
        assert recipe.claim.proportion == 0.8
        # A run with the default models tests every claim.
        assert {claim.model for claim in [recipe.claim, *recipe.claims]} <= set(DEFAULT_MODELS)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("epochs = 300", "epoch = 300", "training.epoch: unknown key; did you mean 'epochs'?"),
        ("epochs = 300", 'epochs = "many"', "training.epochs: .*integer.*'many'"),
        ("epochs = 300", "epochs = true", "training.epochs: .*integer.*True"),
        ("epochs = 300", "epochs = 0", "training.epochs: .*greater than or equal to 1"),
        ("epochs = 300", "", "training.epochs: missing"),
        (
            "epochs = 300",
            'x = 1\ny = "2"',
            "training.x: unknown key; training.y: unknown key; training.epochs: missing",
        ),
        ("learning_rate = 0.01", "learning_rate = nan", "training.learning_rate: "),
        ("learning_rate = 0.01", "learning_rate = -1.0", "training.learning_rate: .*greater"),
        (
            "study.networks.transformer:Transformer",
            "Transformer",
            r"network: should be module:name \(it is 'Transformer'\)",
        ),
        ("heads = 2", "heads = inf", "arguments: only texts, finite numbers"),
        ("heads = 2", "heads = 2000-01-01", "arguments: only texts, finite numbers"),
        ("[training]", "[training", "not valid TOML: .*line"),
    ],
)
def test_a_wrong_model_recipe_names_file_key_and_reason(tmp_path, before, after, reason):
    assert before in MODEL
    assert re.match(reason, refused(find_model, tmp_path, MODEL.replace(before, after)))


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('name = "age"\nrank', 'name = "wage"\nrank', "claim: no feature is called 'wage'"),
        ("rank = 1", "rank = 2", "claim: only rank 1 can be claimed"),
        ('method = "training-gradient"\nfrom_publication', 'method = "permutation-grouped"\nfrom_publication', "claim: method permutation-grouped has no scores by feature"),
        ('method = "training-gradient"\nfrom_publication', 'method = "gradeint"\nfrom_publication', "claim.method: no method is called 'gradeint'; did you mean 'gradient'"),
        ('method = "training-gradient"\nfrom_publication', 'method = "lime"\nfrom_publication', "claim.method: no method is called 'lime'; there is training-gradient, "),
        ("learned = 0.8", 'scores = "scores.csv"', "give a table or scores, not both"),
        ("0.0614, ", "", "published.shares has 7 numbers for 8 features"),
        ('"Michigan", "Nebraska", "Oklahoma"]', '"Ohio", "Ohio"]', "variables.3.levels: .*twice: Ohio"),
        ("divisor = 100\n", "divisor = 0\n", "variables.2.divisor: "),
        ('type = "numeric"', 'type = "number"', "variables.2: type should be 'binary', 'numeric', 'one-hot', 'ordinal' or 'date' \\(it is 'number'\\)"),
        ('type = "numeric"', "", "variables.2: type should be 'binary', 'numeric', 'one-hot', 'ordinal' or 'date' \\(it has none\\)"),
        ("female = 1", 'female = "1"', "variables.1.levels.female: should be a valid number"),
        ("[[variables]]\nname = \"sex\"", "[split]\ntest = 3\n[[variables]]\nname = \"sex\"", "split.test: should be less than 1 .* or should be a valid string"),
        ("female = 1", "female = -1", "variables.1.levels: .*different"),
        ('name = "State"', 'name = "sex"', "variable named twice: sex"),
        ('separator = "\\t"', 'separator = "ab"', "table.separator: "),
    ],
)  # fmt: skip
def test_a_wrong_dataset_recipe_names_key_and_reason(tmp_path, before, after, reason):
    assert before in DATASET
    assert re.match(reason, refused(find_dataset, tmp_path, DATASET.replace(before, after)))


def test_a_dataset_recipe_needs_a_table(tmp_path):
    without = re.sub(r"\[table\].+?(?=\[\[variables)", "", DATASET, count=1, flags=re.DOTALL)
    assert refused(find_dataset, tmp_path, without) == "table: missing"


def test_missing_and_unreadable_recipes(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.toml: No such file"):
        find_model("nowhere.toml")
    with pytest.raises(InputError, match="unknown model 'nowhere': there is linear, mlp"):
        find_model("nowhere")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(InputError, match="Is a directory"):
        find_model(str(tmp_path / "folder.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        find_model(str(tmp_path / "binary.toml"))


def test_a_recipe_in_the_working_directory_wins_and_is_said_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not find_model("mlp").shadows
    (tmp_path / "models").mkdir()
    own = (ROOT / "models" / "mlp.toml").read_text().replace("[10, 10]", "[7]")
    (tmp_path / "models" / "mlp.toml").write_text(own)
    found = find_model("mlp")
    assert found.shadows
    assert found.recipe.arguments == {"hidden_widths": [7]}


def test_a_fingerprint_is_of_what_a_recipe_says(tmp_path):
    path = tmp_path / "transformer.toml"
    path.write_text("# another comment\n" + MODEL)
    same = fingerprint(find_model(str(path)).recipe)
    assert same == fingerprint(find_model(str(ROOT / "models" / "transformer.toml")).recipe)
    path.write_text(MODEL.replace("heads = 2", "heads = 1"))
    assert fingerprint(find_model(str(path)).recipe) != same


@pytest.mark.parametrize("line", ['smaller_is_better = ["gradient"]', 'absent = "zero"'])
def test_a_dataset_with_a_table_has_no_scores_to_turn(tmp_path, line):
    path = tmp_path / "turned.toml"
    path.write_text(f"{line}\n{DATASET}")
    with pytest.raises(InputError, match="of imported scores alone"):
        find_dataset(str(path))
