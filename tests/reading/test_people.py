"""ID numbers and names."""

from datetime import date

import pytest

from learners import id_numbers, names

TODAY = date(2025, 1, 1)


def test_a_right_number_has_no_fault():
    assert id_numbers.fault("43999919750312009X", at=TODAY) is None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("439999197503120010", "id_number_checksum"),
        ("43999919750312001", "id_number_format"),
        ("4399991975031200141", "id_number_format"),
        ("439999197502310027", "id_number_format"),
        ("439999209901010035", "id_number_format"),
        ("439999189912310015", "id_number_format"),
        ("43030219A503120011", "id_number_format"),
        ("４３９９９９１９７５０３１２００１４", "id_number_format"),
        ("4.39999E+17", "id_number_numeric"),
        ("439999197503120014.0", "id_number_numeric"),
    ],
)
def test_each_fault_has_its_code(number, code):
    assert id_numbers.fault(number, at=TODAY) == code


def test_birth_and_gender_stand_in_the_number():
    assert id_numbers.birth("439999197503120022") == date(1975, 3, 12)
    assert id_numbers.gender("439999197503120022") == "female"
    assert id_numbers.gender("439999197503120014") == "male"


def test_a_masked_number_keeps_three_and_four():
    assert id_numbers.mask("43999919750312009X") == "439***********009X"


@pytest.mark.parametrize("dot", "·•・．‧･")
def test_dots_in_names_become_one(dot):
    assert names.normalise(f"阿卜杜拉{dot}买买提") == "阿卜杜拉·买买提"
    assert names.normalise(f"阿卜杜拉 {dot} 买买提") == "阿卜杜拉·买买提"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("张 三", "张三"),
        (" 张　三\n", "张三"),
        ("张\u200b三\u202e", "张三"),
        ("John   Smith", "John Smith"),
        ("J. Smith", "J. Smith"),
        ("𠮷 田", "𠮷田"),
        ("䶮", "䶮"),
    ],
)
def test_names_have_one_form(written, name):
    assert names.normalise(written) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三丰", "张*丰"),
        ("张三", "张*"),
        ("欧阳小明", "欧**明"),
        ("王芳(小)", "王*"),
        ("John Smith", "J* S*"),
    ],
)
def test_a_public_list_shows_no_whole_name(name, shown):
    assert names.mask_public(name) == shown
