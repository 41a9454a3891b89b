"""FHIR JSON keeps every digit of a decimal and every character of a string."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.fhir.resource_json import parse, serialise

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**53), max_value=2**53)
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.hazard("H09")
@pytest.mark.parametrize("text", ["1.10", "5.600000024E-1", "-0.0", "123456789012345.6789", "1E+3", "0.30"])
def test_decimal_comes_back_digit_by_digit(text: str) -> None:
    value = parse(b'{"value":%s}' % text.encode())
    assert isinstance(value["value"], Decimal)
    assert Decimal(serialise(value).split(b":")[1].rstrip(b"}").decode()) == Decimal(text)
    assert str(parse(serialise(value))["value"]) == str(Decimal(text))


@given(VALUES)
def test_what_is_written_is_read_back_equal(value: object) -> None:
    assert parse(serialise(value)) == value


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_text_travels_character_by_character(text: str) -> None:
    assert json.loads(serialise({"text": text}))["text"] == text


@pytest.mark.parametrize("value", [float("nan"), Decimal("NaN"), Decimal("Infinity"), object()])
def test_what_fhir_cannot_hold_is_refused_or_null(value: object) -> None:
    if isinstance(value, float):
        assert serialise([value]) == b"[null]"
    else:
        with pytest.raises(TypeError):
            serialise([value])


@pytest.mark.parametrize(
    "digits", ["18446744073709551616", "-9223372036854775809", "1" + "0" * 40, "9223372036854775807"]
)
def test_a_whole_number_of_any_length_keeps_its_digits(digits: str) -> None:
    for body in (f'{{"x":{digits}}}', f'{{"resource":[{digits},1.10,"e"]}}', f"[{digits}]"):
        assert serialise(parse(body.encode())) == body.encode()


def test_a_whole_number_too_long_to_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"(?i)number|range"):
        parse(b'{"x":' + b"9" * 5000 + b"}")


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[" * 900 + b"]" * 900 + b"x", b"1e999999999999999999999"])
def test_what_no_resource_can_hold_is_refused_as_no_json(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(body)
