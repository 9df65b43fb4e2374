"""A commit is checked by the same linters as everything is."""

import re

import yaml
from conftest import ROOT


def test_commits_are_linted_as_all_is():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    [repo] = config["repos"]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    linters = re.findall(r'^"\$work/env/bin/((?:ruff|mypy)\b.*?)"?(?: &)?$', script, re.MULTILINE)
    assert len(linters) > 2
    # Installed ones, whose versions constraints.txt says, and no other copies of them.
    assert repo["repo"] == "local"
    assert {hook["language"] for hook in repo["hooks"]} == {"system"}
    assert [hook["entry"] for hook in repo["hooks"]] == [line.replace('"', "") for line in linters]
    assert not any(hook["pass_filenames"] for hook in repo["hooks"])
