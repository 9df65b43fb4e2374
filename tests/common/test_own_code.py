"""Which modules are a model's own code, and what is known of it once it is imported."""

import hashlib
import importlib
import os
import sys
import time
from pathlib import Path

import pytest

from study.common.errors import InputError
from study.common.import_path import import_named
from study.common.own_code import differing, own_code


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory, whose modules nobody keeps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    importlib.invalidate_caches()
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def sha256(name: str) -> str:
    return hashlib.sha256(Path(name).read_bytes()).hexdigest()


def code_of(path: str):
    return own_code(import_named(path).__mro__)


def test_modules_that_a_module_imports_of_its_folder_are_its_code(folder):
    """In any form of import, also within functions and through others; nothing else is."""
    write(
        {
            "net.py": "import json, numpy, first.inner\nfrom second import number\n"
            "class Net:\n    def late(self):\n        from nowhere import late\n",
            "first/__init__.py": "",
            "first/inner.py": "from .beside import *\n",
            "first/beside.py": "",
            "first/other.py": "",
            "second.py": "import third\nnumber = 1\n",
            "third.py": "import net\n",
            "nowhere.py": "late = 1\n",
            "unrelated.py": "",
            "numpy/no.py": "",
        }
    )
    code = code_of("net:Net")
    assert dict(code.written) == {"net": sha256("net.py")}
    assert dict(code.imported) == {
        "first": sha256("first/__init__.py"),
        "first.inner": sha256("first/inner.py"),
        "first.beside": sha256("first/beside.py"),
        "second": sha256("second.py"),
        "third": sha256("third.py"),
        "nowhere": sha256("nowhere.py"),
    }


def test_a_package_is_run_with_its_modules_and_is_code_with_them(folder):
    write(
        {
            "pack/__init__.py": "from .more import more\n",
            "pack/more.py": "more = 1\n",
            "pack/deep/net.py": "from ..other import other\nclass Net:\n    pass\n",
            "pack/other.py": "other = 1\n",
        }
    )
    code = code_of("pack.deep.net:Net")
    assert code.modules.keys() == {"pack.deep.net", "pack", "pack.more", "pack.other"}


def test_installed_packages_are_no_code_of_one_s_own_but_for_their_classes(folder, monkeypatch):
    write(
        {
            "env/site-packages/theirs.py": "import beside\nclass Theirs:\n    pass\n",
            "env/site-packages/beside.py": "",
            "net.py": "import theirs\nclass Net(theirs.Theirs):\n    pass\n",
        }
    )
    monkeypatch.syspath_prepend(str(folder / "env/site-packages"))
    assert code_of("net:Net").modules.keys() == {"net", "theirs"}


def test_a_stored_digest_of_an_older_version_is_of_the_files_of_the_classes(folder):
    write({"net.py": "import helper\nclass Net:\n    pass\n", "helper.py": ""})
    code = code_of("net:Net")
    before = hashlib.sha256(sha256("net.py").encode()).hexdigest()
    both = "".join(sorted([sha256("net.py"), sha256("helper.py")]))
    assert code.digest == hashlib.sha256(both.encode()).hexdigest()
    assert code.is_of(before)
    assert code.is_of(code.digest)
    assert not code.is_of(sha256("helper.py"))


def test_code_is_what_was_imported_and_not_what_lies_there_now(folder, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    write({"net.py": "import helper\nclass Net:\n    pass\n", "helper.py": ""})
    code = code_of("net:Net")
    write({"helper.py": "# other\n"})
    assert code_of("net:Net") == code
    assert differing(code.modules) == []
    importlib.reload(sys.modules["helper"])
    assert code_of("net:Net").imported == {"helper": sha256("helper.py")}
    assert differing(code.modules) == ["helper"]


def test_a_module_that_changes_while_it_is_imported_is_refused(folder):
    write(
        {
            "helper.py": "",
            "net.py": "import helper\nfrom pathlib import Path\nimport time\ntime.sleep(0.05)\n"
            "Path('helper.py').write_text('# other')\nclass Net:\n    pass\n",
        }
    )
    with pytest.raises(InputError, match=r"helper\.py: changed while it was imported; give the"):
        import_named("net:Net")


def test_a_module_whose_clock_is_ahead_is_taken_as_it_is(folder):
    write({"net.py": "class Net:\n    pass\n"})
    os.utime("net.py", (time.time() + 3600,) * 2)
    assert code_of("net:Net").modules == {"net": sha256("net.py")}
