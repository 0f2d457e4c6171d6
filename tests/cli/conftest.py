import pytest

from gan_tutorial import data


@pytest.fixture(scope="module", autouse=True)
def _few_footballs():
    """Let the commands draw 300 footballs, not 10,000: to train for a few steps takes less."""
    load = data.load

    def few(name, *arguments, **options):
        if name == "soccer":
            options.setdefault("count", 300)
        return load(name, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", few)
        yield
