"""Where a network is trained changes nothing in how it is measured."""

import numpy as np
import pytest
from conftest import shipped

from study.engines.registry import engine_for
from study.engines.replicates import Trained


@pytest.mark.parametrize("model", ["mlp", "transformer", "linear"])
def test_what_a_gpu_has_trained_is_measured_as_what_the_processor_has(model, people):
    there, here = (engine_for(shipped(model), 8, device) for device in ("cuda", "cpu"))
    assert there.name != here.name
    generator = np.random.default_rng(0)
    weights = {
        name: generator.normal(size=(3, *shape)).astype(np.float32) for name, shape in here.layout
    }
    trained = Trained.without_steps(weights, 3)
    one, other = there.stack(trained), here.stack(trained)
    x = people.test_x
    np.testing.assert_array_equal(one.predict(x), other.predict(x))
    np.testing.assert_array_equal(one.predict_together(x), other.predict_together(x))
    for mine, theirs in zip(one.gradient_parts(x), other.gradient_parts(x), strict=True):
        np.testing.assert_array_equal(mine, theirs)
