"""The conflict desk as a browser gets it: nothing is chosen for anybody, only what was seen is decided."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.module_web import ModuleWeb, PageRead
from tests.web_modules.desk.tasks import SAID, conflict_task
from tests.web_modules.patients.people import sarah
from web_modules.fhir.mirror_answers import answer_of, answered
from web_modules.fhir.mirror_status import Freshness, freshness_resource
from web_modules.fhir.mirror_tasks import TaskKind, task_resource

HOSTILE = "<script>alert(1)</script>"


def conflict(web: ModuleWeb, patient: str | None = None, **changed: Any) -> dict[str, Any]:
    """A Task as the mirror publishes one, as stored."""
    return web.create(task_resource(conflict_task(patient=patient, **changed)))


def sent(web: ModuleWeb, page: PageRead, **fields: str) -> PageRead:
    """The page's form, sent with some fields changed."""
    return web.post(f"desk/answer?task={page.fields['task']}", {**page.fields, **fields})


def task(web: ModuleWeb, found: Mapping[str, Any]) -> dict[str, Any]:
    """A Task as it is now."""
    return dict(web.fhir.read("Task", found["id"]))


def test_an_empty_desk_says_so(web: ModuleWeb) -> None:
    assert "Nothing needs a decision No difference is known." in web.get("desk").text
    assert "Nothing is held back" in web.get("desk?tab=quarantine").text


@pytest.mark.hazard("H14")
def test_both_values_the_patient_the_owner_and_the_age_are_shown(web: ModuleWeb) -> None:
    patient = web.create(sarah())
    conflict(web, f"Patient/{patient['id']}", owner="Dawn Hartley", is_urgent=True)
    page = web.get("desk")
    for words in (
        "SMITH, Sarah (Mrs)",
        "Born 12-Mar-1961 (65y)",
        "The mobile telephone differs",
        "Legacy screen 07700 900318",
        "New 07700 900381",
        "on: 07700 900655",
        "Open for 31 min, for too long",
        "With Dawn Hartley",
        "Nothing is chosen for you",
    ):
        assert words in page.text, words
    assert 'aria-checked="true"' not in page.source


@pytest.mark.parametrize(("keep", "value"), [("legacy", "07700 900318"), ("cloud", "07700 900381")])
def test_a_side_is_chosen_first_and_then_written(web: ModuleWeb, keep: str, value: str) -> None:
    found = conflict(web)
    page = web.get(f"desk?task={found['id']}&keep={keep}")
    assert f"Write {value} to both sides" in page.text
    done = sent(web, page)
    assert (done.status, "Decided. The mirror is writing it to both sides." in done.text) == (200, True)
    answer = answer_of(task(web, found))
    assert answer is not None
    assert (answer.by, answer.is_decided, answer.keep) == ("Dawn Hartley", True, keep)


def test_a_third_value_is_typed(web: ModuleWeb) -> None:
    found = conflict(web)
    page = web.get(f"desk?task={found['id']}&keep=other")
    assert sent(web, page, value_mobile_phone="  ").status == 422
    assert task(web, found)["status"] == "requested"
    assert sent(web, page, value_mobile_phone="07700 900999").status == 200
    answer = answer_of(task(web, found))
    assert answer is not None
    assert answer.values == ("07700 900999",)


def test_each_of_several_fields_is_named(web: ModuleWeb) -> None:
    found = conflict(web, fields=("title", "family"))
    page = web.get(f"desk?task={found['id']}&keep=other")
    sent(web, page, value_title="Mrs", value_family="a=b")
    answer = answer_of(task(web, found))
    assert answer is not None
    assert answer.values == ("title=Mrs", "family=a=b")


@pytest.mark.hazard("H13")
def test_only_the_version_that_was_seen_is_decided(web: ModuleWeb) -> None:
    found = conflict(web)
    page = web.get(f"desk?task={found['id']}&keep=cloud")
    web.fhir.update({**task(web, found), "description": "It is another value now."})
    done = sent(web, page)
    assert (done.status, "this has changed since you looked" in done.text) == (409, True)
    assert task(web, found)["status"] == "requested"


@pytest.mark.parametrize("keep", ["", "both", "other"])
def test_without_a_choice_nothing_is_written(web: ModuleWeb, keep: str) -> None:
    found = conflict(web, fields=())
    page = web.get(f"desk?task={found['id']}")
    assert sent(web, page, keep=keep).status == 422
    assert task(web, found)["status"] == "requested"


def test_what_is_not_shown_cannot_be_decided(web: ModuleWeb) -> None:
    found = conflict(web, said=(), seen="", fields=())
    page = web.get("desk")
    assert "The values are not shown here" in page.text
    assert sent(web, page, keep="cloud").status == 422
    assert task(web, found)["status"] == "requested"


def test_somebody_takes_it_on(web: ModuleWeb) -> None:
    found = conflict(web)
    sent(web, web.get("desk"), deed="take")
    now = task(web, found)
    assert (now["status"], now["owner"]["display"]) == ("accepted", "Dawn Hartley")
    assert "1 with you" in web.get("desk").text


def test_what_is_held_back_is_tried_again(web: ModuleWeb) -> None:
    found = conflict(web, kind=TaskKind.QUARANTINE, said=(), seen="", fields=(), title="")
    page = web.get("desk?tab=quarantine")
    assert "Held for 31 min" in page.text
    sent(web, page)
    assert task(web, found)["status"] == "in-progress"


def test_a_refused_decision_is_told(web: ModuleWeb) -> None:
    conflict(web, owner="Ann", refused="The town has more characters than legacy takes.")
    assert "The last decision was not carried out. The town has more characters" in web.get("desk").text


def test_hostile_words_are_only_shown(web: ModuleWeb) -> None:
    found = conflict(
        web,
        words=HOSTILE,
        title=HOSTILE,
        owner=HOSTILE,
        refused=HOSTILE,
        said=tuple((who, HOSTILE) for who, _ in SAID),
        fields=('"><img src=x>',),
    )
    page = web.get(f"desk?task={found['id']}&keep=other")
    assert "<script>alert" not in page.source
    assert "<img" not in page.source
    assert page.text.count(HOSTILE) > 4


@pytest.mark.hazard("H13")
def test_the_office_decides_nothing_of_the_clinical_record(web: ModuleWeb) -> None:
    """Dawn Hartley is a receptionist: neither the page nor her own request lets her."""
    found = conflict(web, is_clinical=True)
    page = web.get(f"desk?task={found['id']}&keep=cloud")
    assert "a clinician decides" in page.text
    assert "Write 07700 900381" not in page.text
    done = sent(web, page, keep="cloud")
    assert (done.status, task(web, found)["status"]) == (403, "requested")
    plain = {name: value for name, value in found.items() if name != "performerType"}
    answer = web.browser.put(
        f"/Y99002/fhir/Task/{found['id']}",
        json=answered(plain, by="Dawn Hartley", keep="cloud"),
        headers={"Origin": "http://127.0.0.1:8080"},
    )
    assert answer.status_code in (401, 403), answer.text
    assert task(web, found)["status"] == "requested"
    mine = conflict(web, key="c2")
    assert sent(web, web.get(f"desk?task={mine['id']}&keep=cloud")).status == 200


def test_a_task_of_somebody_else_is_left_alone(web: ModuleWeb) -> None:
    other = web.create({"resourceType": "Task", "status": "requested", "intent": "order"})
    assert "Nothing needs a decision" in web.get("desk").text
    version = other["meta"]["versionId"]
    done = web.post("desk/answer", {"task": other["id"], "version": version, "keep": "cloud"})
    assert done.status == 409
    assert task(web, other)["status"] == "requested"


def test_what_differs_stands_out_of_what_both_say(web: ModuleWeb) -> None:
    said = ("title: Ms; family: Hill", "title: Ms; family: Dale", "title: Ms; family: Lind")
    conflict(web, said=tuple((who, what) for (who, _), what in zip(SAID, said, strict=True)))
    source = web.get("desk").source
    assert source.count('<bdi class="dk-line dk-line--differs">family: ') == 2
    assert source.count('<bdi class="dk-line">title: Ms</bdi>') == 2


@pytest.mark.hazard("H14")
def test_what_differs_of_one_patient_is_listed_alone(web: ModuleWeb) -> None:
    mine, other = web.create(sarah()), web.create(sarah())
    conflict(web, f"Patient/{mine['id']}")
    conflict(web, f"Patient/{other['id']}", title="The postcode differs")
    page = web.get(f"desk?of={mine['id']}")
    assert "What differs SMITH, Sarah (Mrs) Born 12-Mar-1961 (65y)" in page.text
    assert "The mobile telephone differs" in page.text
    assert "The postcode differs" not in page.text
    assert "The postcode differs" in web.get("desk").text


def test_a_choice_of_one_patient_leads_back_to_that_patient(web: ModuleWeb) -> None:
    mine = web.create(sarah())
    found = conflict(web, f"Patient/{mine['id']}")
    page = web.get(f"desk?of={mine['id']}&task={found['id']}&keep=cloud")
    after = web.post(f"desk/answer?of={mine['id']}&task={page.fields['task']}", dict(page.fields))
    assert f"of={mine['id']}" in after.url
    assert "What differs" in after.text
    assert "Decided. The mirror is writing it to both sides." in after.text


def test_of_a_patient_of_whom_nothing_waits_no_more_is_said_than_is_known(web: ModuleWeb) -> None:
    page = web.get(f"desk?of={web.create(sarah())['id']}")
    assert "Nothing needs a decision No difference is known: SMITH, Sarah (Mrs)." in page.text


def test_what_could_not_cross_is_shown_first_where_nothing_else_waits(web: ModuleWeb) -> None:
    mine = web.create(sarah())
    conflict(web, f"Patient/{mine['id']}", kind=TaskKind.QUARANTINE, said=(), title="")
    assert "Try it again now" in web.get(f"desk?of={mine['id']}").text


def test_somebody_who_cannot_be_shown_is_not_named(web: ModuleWeb) -> None:
    assert "A patient who cannot be shown here" in web.get("desk?of=nobody").text


@pytest.mark.hazard("H03")
@pytest.mark.parametrize(
    ("seconds", "waiting", "stopped", "words"),
    [
        (5, 0, "", "Up to date 5 s ago · nothing on its way"),
        (5, 3, "", "Up to date 5 s ago · 3 on their way"),
        (400, 0, "", "6 min ago · nothing on its way"),
        (5, 0, "A column is missing.", "The mirror stopped."),
    ],
)
def test_how_far_the_mirror_has_looked_stands_beside_what_differs(
    web: ModuleWeb, seconds: int, waiting: int, stopped: str, words: str
) -> None:
    now = datetime.now(UTC)
    for function, age in (("patients", 1), ("appointments", seconds)):
        said = Freshness(
            function=function,
            watermark=now - timedelta(seconds=age),
            published_at=now,
            leads="cloud",
            is_mirrored=True,
            waiting=waiting if function == "appointments" else 0,
            stopped=stopped if function == "patients" else "",
        )
        web.create(freshness_resource(said))
    assert words in web.get("desk").text.replace("6 s ago", "5 s ago")


def test_a_mirror_that_said_nothing_is_not_known_to_be_up_to_date(web: ModuleWeb) -> None:
    assert "Time not known" in web.get("desk").text
