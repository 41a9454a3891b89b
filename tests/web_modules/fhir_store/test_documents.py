from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web_modules.fhir_store.documents import decode, decode_sent, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | TEXTS
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":"penicillin","a":"none"}',
        b'{"x":[{"a":{"b":1, "b" :1}}],"t":"a:b"}',
        b'{"a":"\\u003a","a":":"}',
        b'{"a":"\\u003A","\\u0061":":"}',
    ],
)
def test_an_object_with_a_key_twice_is_refused_by_its_name(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"`[ab]` is there twice"):
        decode_sent(text)


@pytest.mark.parametrize(
    "text", [b'{"a" : {"b:": "\\u003a:"}, "b": [{"a": 1}, {"a": 1.10}], "A": "\\":"}', b"1", b'":"']
)
def test_what_has_each_key_once_is_read_as_it_is(text: bytes) -> None:
    assert decode_sent(text) == decode(text)


@pytest.mark.parametrize("digits", ["1.10", "0.0", "-0.0", "100.000", "0.1234567890123456789012345678901"])
def test_a_decimal_keeps_every_digit(digits: str) -> None:
    assert encode(decode(f'{{"value":{digits}}}'.encode())) == f'{{"value":{digits}}}'.encode()


def test_a_number_in_scientific_notation_keeps_its_precision() -> None:
    assert decode(encode(decode(b"[1.20e3]"))) == [Decimal("1.20E+3")]
    assert decode(b"[1.20e3]")[0].as_tuple() == Decimal("1.20E+3").as_tuple()


def test_a_text_goes_through_byte_for_byte() -> None:
    text = '"caf\u00e9 cafe\u0301 \u00a0 \u2028 \U0001f3e5\\n\\t"'.encode()
    assert encode(decode(text)) == text


@given(VALUES)
def test_what_is_written_is_read_back_equal(value: object) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"a":NaN}', b'{"a":Infinity}', b"\xff", b'{"a":"\x00"}', b'"\\ud800"']
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        decode(text)


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(ValueError):
        decode(b"[" * 200_000 + b"]" * 200_000)
