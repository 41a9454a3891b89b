"""Which draft is offered: never another patient's, another function's, or one that is being typed."""

from hypothesis import given
from hypothesis import strategies as st

from shell.drafts.draft import Draft, read_typed
from shell.drafts.offering import offered
from tests.shell.drafts.conftest import NOON, draft

DRAFTS = st.lists(
    st.builds(
        lambda name, patient, function, window, minute: draft(
            name, patient=patient, function=function, window=window, typed_at=NOON.replace(minute=minute)
        ),
        st.text("abc", min_size=1, max_size=3),
        st.sampled_from(["", "p1", "p2"]),
        st.sampled_from(["patients", "appointments"]),
        st.sampled_from(["w1", "w2"]),
        st.integers(0, 59),
    ),
    unique_by=lambda one: one.id,
)


@given(DRAFTS, st.sampled_from(["", "p1", "p2"]), st.sets(st.text("abc", min_size=1, max_size=3)))
def test_only_drafts_of_exactly_this_patient_and_function_are_offered_newest_first(
    drafts: list[Draft], patient: str, live: set[str]
) -> None:
    found = offered(
        drafts, patient=patient, function="patients", live=live, is_elsewhere=lambda window: window == "w2"
    )
    wanted = {
        one.id
        for one in drafts
        if one.patient == patient and one.function == "patients" and one.id not in live and one.window == "w1"
    }
    assert {one.id for one in found} == wanted
    assert [one.typed_at for one in found] == sorted((one.typed_at for one in found), reverse=True)


def test_what_a_page_writes_is_taken_only_in_its_form_and_its_bounds() -> None:
    good = '{"form":"book","at":"/Y99002/appointments","fields":[{"name":"reason","value":"a","was":""}]}'
    assert read_typed(good) is not None
    for bad in (
        "",
        "null",
        "[]",
        good.replace("/Y99002", "//evil.example"),
        good.replace("/Y99002", "http://evil.example/"),
        good.replace('"book"', '"bo\\"ok"'),
        good.replace('"was"', '"patient":"p2","was"'),
        good.replace('"a"', '"' + "a" * 70_000 + '"'),
        good.replace('[{"name":"reason","value":"a","was":""}]', "[]"),
        '"\ud800"',
    ):
        assert read_typed(bad) is None
