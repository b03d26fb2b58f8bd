import pytest

from tests.figures.city import City


@pytest.fixture
def city(db: None) -> City:
    return City()
