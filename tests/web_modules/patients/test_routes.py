"""The pages of patients as a browser gets them, and what happens when two people change one at once."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.support.module_web import ModuleWeb, PageRead
from tests.web_modules.patients.people import patient, sarah
from web_modules.fhir.client import version_of
from web_modules.fhir.mirror_tasks import MirrorTask, TaskKind, task_resource
from web_modules.fhir.transport import FhirRequest, FhirResponse
from web_modules.fhir_store.access import Access
from web_modules.patients.contact import FIELDS

HOSTILE = (
    "<script>alert(1)</script>",
    "Robert'); DROP TABLE Patient;--",
    "\u202eevil\u202c",
    '"Quoted", Name',
    "=2+5",
    "👩‍👩‍👧‍👦 Family",
    "Müller\u0301",
    "Line\r\nEnd",
)


def opened(web: ModuleWeb, identifier: str) -> PageRead:
    return web.get(f"patients/{identifier}/edit")


def saved(web: ModuleWeb, form: PageRead, identifier: str, **typed: str) -> PageRead:
    return web.post(f"patients/{identifier}/edit", form.fields | typed)


def change_elsewhere(web: ModuleWeb, identifier: str, **telecom: str) -> None:
    resource = web.fhir.read("Patient", identifier)
    for point in resource["telecom"]:
        if "period" not in point and point["use"] in telecom and point["system"] == "phone":
            point["value"] = telecom[point["use"]]
    web.fhir.update(resource)


# ---- find ----------------------------------------------------------------------------------------


def test_the_first_page_shows_nobody(web: ModuleWeb) -> None:
    web.create(sarah())
    page = web.get("patients")
    assert page.status == 200
    assert "Nobody is chosen" in page.text
    assert "SMITH" not in page.text
    assert (page.root["data-function"], page.root["data-patient"], page.root["data-unsaved"]) == (
        "patients",
        "",
        "false",
    )


def test_every_row_has_birth_date_and_number_and_similar_names_are_warned_of(web: ModuleWeb) -> None:
    web.create(sarah())
    web.create(patient("Smith", "Sandra", "1964-03-12", nhs="9992041188", title="Ms"))
    web.create(patient("Smithers", "Sam", "1987-09-02", number="104500", title="Mr"))
    page = web.post("patients", {"q": "smith sa"})
    assert "SMITH, Sarah (Mrs) 12-Mar-1961 (65y) Female 999 123 4578 Similar name" in page.text
    assert (
        "SMITHERS, Sam (Mr) 02-Sep-1987 (39y) Female Not known. Practice No. 104500 Similar name" in page.text
    )
    assert "3 patients have a similar name. Check the date of birth and NHS number." in page.text
    assert "3 of 3 found" in page.text


def test_what_was_looked_for_is_in_no_address(web: ModuleWeb) -> None:
    made = web.create(sarah())
    page = web.post("patients", {"q": "smith 12/3/61"})
    assert page.url.endswith("/Y99002/patients")
    assert list(page.links.values()).count(f"/Y99002/patients/{made['id']}") == 1
    assert "smith" not in "".join(page.links.values()).lower()


def test_nobody_found_says_where_was_looked(web: ModuleWeb) -> None:
    page = web.post("patients", {"q": "smyth 12/3/61"})
    assert "No patient matches “smyth 12/3/61”" in page.text
    assert "Looked in names, dates of birth, NHS numbers and practice numbers." in page.text


# ---- demographics ----------------------------------------------------------------------------------


def test_demographics_by_the_rules_of_the_common_user_interface(web: ModuleWeb) -> None:
    gp = web.create(
        {
            "resourceType": "Practitioner",
            "name": [{"family": "Nair", "given": ["Priya"], "prefix": ["Dr"]}],
        }
    )
    reference = {"reference": f"Practitioner/{gp['id']}"}
    made = web.create(sarah() | {"generalPractitioner": [reference]})
    page = web.get(f"patients/{made['id']}")
    for words in (
        "SMITH, Sarah (Mrs)",
        "Born 12-Mar-1961 (65y)",
        "Gender Female",
        "NHS No. 999 123 4578",
        "Allergies: see the legacy screen",
        "Home phone 01632 960142",
        "Mobile phone 07700 900318",
        "Address 14 Larkspur Close Fernbrook FB4 7QT",
        "Old address 1 Mill Lane Elsewhere",
        "Phone (work) 01632 960555",
        "Usual GP Dr Priya Nair",
        "Practice number 104417",
        "Registered here Yes",
    ):
        assert words in page.text, words
    assert page.root["data-patient"] == made["id"]
    assert "none" not in page.text.lower()


def test_someone_who_died_is_shown_with_the_age_at_death(web: ModuleWeb) -> None:
    made = web.create(patient("Wharton", "Arthur", "1938-01-11", deceasedDateTime="2026-09-03", title="Mr"))
    page = web.get(f"patients/{made['id']}")
    assert "Born 11-Jan-1938 Died 03-Sep-2026 (88y)" in page.text
    assert "bn-ban--dead" in page.source


def test_another_patient_of_the_same_name_is_told_of(web: ModuleWeb) -> None:
    made = web.create(sarah())
    web.create(patient("Smith", "Sarah", "1991-03-12", nhs="9991234616", title="Miss"))
    page = web.get(f"patients/{made['id']}")
    assert (
        "Another patient has this name: SMITH, Sarah (Miss), born 12-Mar-1991 (35y), NHS No. 999 123 4616."
        in page.text
    )


def test_under_the_shell_a_page_has_no_header_and_no_banner_of_its_own(web: ModuleWeb) -> None:
    made = web.create(sarah())
    page = web.get(f"patients/{made['id']}", user_agent="Mozilla/5.0 QtWebEngine/6.12 BanyanShell/0.1")
    assert page.root["data-alone"] == "false"
    assert "Sign out" not in page.text
    assert "bn-ban" not in page.source
    assert "Home phone 01632 960142" in page.text


def test_the_context_of_the_shell_is_kept_on_every_way(web: ModuleWeb) -> None:
    made = web.create(sarah())
    page = web.get(f"patients/{made['id']}?context=ctx-1")
    assert page.links["Edit contact details E"] == f"/Y99002/patients/{made['id']}/edit?context=ctx-1"
    form = web.get(f"patients/{made['id']}/edit?context=ctx-1")
    web.browser.headers["X-Banyan-Deadline"] = str(int(time.time() * 1000) + 8000)
    done = web.post(f"patients/{made['id']}/edit?context=ctx-1", form.fields | {"town": "Newton"})
    assert done.status == 200
    assert "context=ctx-1" in done.url


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_and_does_nothing(web: ModuleWeb, name: str) -> None:
    made = web.create(patient(name, name, "1961-03-12"))
    page = web.get(f"patients/{made['id']}")
    assert page.status == 200
    assert "<script>alert" not in page.source
    assert "<bdi>" in page.source
    form = opened(web, made["id"])
    done = saved(web, form, made["id"], mobile_phone="07700 900111")
    assert "Saved at" in done.text
    assert web.fhir.read("Patient", made["id"])["name"] == made["name"]


@pytest.mark.parametrize("control", ["\u202e", "\u2067", "\u200f"])
def test_no_character_in_a_name_reorders_what_is_shown(web: ModuleWeb, control: str) -> None:
    made = web.create(patient(f"Jes{control}\u1e23a", f"R{control}a", "1970-01-01"))
    page = web.get(f"patients/{made['id']}")
    assert "JES\u1e22A, Ra" in page.text
    assert control not in page.source


def test_a_patient_who_is_not_there_is_said_in_words(web: ModuleWeb) -> None:
    page = web.get("patients/nobody")
    assert page.status == 404
    assert "This is not in the records" in page.text


@pytest.mark.hazard("H14")
def test_what_waits_for_a_person_is_listed_on_the_patient_whom_it_concerns_and_on_nobody_else(
    web: ModuleWeb,
) -> None:
    mine = web.create(sarah())["id"]
    other = web.create(patient("Evans", "Gwyneth", "1948-05-21"))["id"]
    for minute, words in enumerate(("The slot has <no> end: correct it.", "A text is too long.")):
        task = MirrorTask(
            key=f"slot/{minute}",
            kind=TaskKind.QUARANTINE,
            is_open=True,
            about=None,
            patient=f"Patient/{mine}",
            words=words,
            since=datetime(2026, 11, 17, 9, minute, tzinfo=UTC),
            owner="Dawn Hartley",
        )
        web.fhir.create(task_resource(task))
        web.fhir.create(task_resource(replace(task, key=f"over/{minute}", is_open=False)))
    page = web.get(f"patients/{mine}")
    assert "2 changes of this patient are held back" in page.text
    assert "The slot has <no> end: correct it. Since 17-Nov-2026 09:00, with Dawn Hartley" in page.text
    assert page.text.index("17-Nov-2026 09:00") < page.text.index("17-Nov-2026 09:01")
    assert page.text.count("Since 17-Nov-2026") == 2
    assert "held back" not in web.get(f"patients/{other}").text


# ---- change ----------------------------------------------------------------------------------------


def test_the_form_holds_every_field_with_a_label(web: ModuleWeb) -> None:
    made = web.create(sarah())
    form = opened(web, made["id"])
    assert [name for name in form.fields if not name.startswith("was_")] == [
        "home_phone",
        "mobile_phone",
        "email",
        "preferred",
        "house",
        "street",
        "village",
        "town",
        "county",
        "postcode",
    ]
    for name in FIELDS:
        if name != "preferred":
            assert f'for="{name}"' in form.source
    assert (form.fields["preferred"], form.fields["mobile_phone"]) == ("", "07700 900318")


def test_a_saved_number_is_in_the_record_and_nothing_else_moved(web: ModuleWeb) -> None:
    made = web.create(sarah())
    done = saved(web, opened(web, made["id"]), made["id"], mobile_phone=" 07700 900999 ")
    assert "Saved at" in done.text
    assert "Mobile phone 07700 900999" in done.text
    after = web.fhir.read("Patient", made["id"])
    made["telecom"][3]["value"] = "07700 900999"
    assert {name: value for name, value in after.items() if name != "meta"} == {
        name: value for name, value in made.items() if name != "meta"
    }


def test_saving_without_a_change_writes_no_version(web: ModuleWeb) -> None:
    made = web.create(sarah())
    done = saved(web, opened(web, made["id"]), made["id"])
    assert "Nothing was changed" in done.text
    assert version_of(web.fhir.read("Patient", made["id"])) == version_of(made)


def test_a_mistake_is_told_and_what_was_typed_stays(web: ModuleWeb) -> None:
    made = web.create(sarah())
    page = saved(web, opened(web, made["id"]), made["id"], home_phone="neighbour", town="Newton")
    assert page.status == 422
    assert "Not saved yet. Check 1 field" in page.text
    assert "Enter a telephone number, like 01632 960142" in page.text
    assert (page.fields["home_phone"], page.fields["town"]) == ("neighbour", "Newton")
    assert page.fields["was_home_phone"] == "01632 960142"
    assert version_of(web.fhir.read("Patient", made["id"])) == version_of(made)


def test_a_field_that_both_changed_is_decided_by_a_person(web: ModuleWeb) -> None:
    made = web.create(sarah())
    form = opened(web, made["id"])
    change_elsewhere(web, made["id"], mobile="07700 900555")
    page = saved(web, form, made["id"], mobile_phone="07700 900999")
    assert page.status == 409
    assert "Mobile phone: was 07700 900318, is now 07700 900555. You typed 07700 900999." in page.text
    assert page.fields["mobile_phone"] == "07700 900999"
    assert contact_of(web, made["id"]) == "07700 900555"
    again = saved(web, page, made["id"])
    assert "Saved at" in again.text
    assert contact_of(web, made["id"]) == "07700 900999"


def test_a_field_that_only_the_other_changed_is_not_written_over(web: ModuleWeb) -> None:
    made = web.create(sarah())
    form = opened(web, made["id"])
    change_elsewhere(web, made["id"], mobile="07700 900555")
    done = saved(web, form, made["id"], home_phone="01632 960777")
    assert "Saved at" in done.text
    assert contact_of(web, made["id"]) == "07700 900555"
    assert "Home phone 01632 960777" in done.text


def test_the_same_change_on_both_sides_is_no_conflict(web: ModuleWeb) -> None:
    made = web.create(sarah())
    form = opened(web, made["id"])
    change_elsewhere(web, made["id"], mobile="07700 900999")
    done = saved(web, form, made["id"], mobile_phone="07700 900999")
    assert "Nothing was changed" in done.text


def test_a_write_between_read_and_write_loses_nothing(
    web: ModuleWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = web.create(sarah())
    form = opened(web, made["id"])
    send: Callable[..., FhirResponse] = web.services.fhir.send
    interrupted: list[str] = []

    def sending(request: FhirRequest, *access: Access) -> FhirResponse:
        if request.method == "PUT" and not interrupted:
            interrupted.append(request.path)
            change_elsewhere(web, made["id"], home="01632 960888")
        return send(request, *access)

    monkeypatch.setattr(type(web.services.fhir), "send", lambda _self, *asked: sending(*asked))
    done = saved(web, form, made["id"], mobile_phone="07700 900999")
    assert interrupted
    assert "Saved at" in done.text
    assert "Home phone 01632 960888" in done.text
    assert "Mobile phone 07700 900999" in done.text


def test_nobody_who_is_not_signed_in_sees_a_patient(web: ModuleWeb) -> None:
    made = web.create(sarah())
    web.browser.cookies.clear()
    page = web.get(f"patients/{made['id']}")
    assert "/sign-in" in page.url
    assert "SMITH" not in page.text


def test_another_sites_page_cannot_change_a_patient(web: ModuleWeb) -> None:
    made = web.create(sarah())
    form = opened(web, made["id"])
    answer = web.browser.post(
        f"/Y99002/patients/{made['id']}/edit",
        data=form.fields | {"town": "Evil"},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert web.fhir.read("Patient", made["id"])["address"][1]["city"] == "Fernbrook"


@pytest.mark.parametrize("path", ["patients", "patients/{id}", "patients/{id}/edit"])
def test_pages_hold_no_script_and_no_style_of_their_own(web: ModuleWeb, path: str) -> None:
    made = web.create(sarah())
    source = web.get(path.format(id=made["id"])).source
    assert " style=" not in source
    assert "<style" not in source
    assert " onclick=" not in source
    assert source.count("<script") == source.count("<script src=")


def contact_of(web: ModuleWeb, identifier: str) -> str:
    points = web.fhir.read("Patient", identifier)["telecom"]
    return str(next(one["value"] for one in points if one["use"] == "mobile" and "period" not in one))


def test_parts_of_every_name_stand_in_one_order_whatever_their_letters(web: ModuleWeb) -> None:
    family, given = "\u05db\u05d4\u05df", "\u05e9\u05e8\u05d4"
    names = [
        {"use": "official", "family": "Smith", "given": ["Sarah"]},
        {"use": "maiden", "family": family, "given": [given], "prefix": ["Miss"]},
    ]
    made = web.fhir.create({"resourceType": "Patient", "name": names})
    source = web.get(f"patients/{made['id']}").source
    assert f'<bdi dir="ltr"><bdi>{family}</bdi>, <bdi>{given}</bdi> (<bdi>Miss</bdi>)</bdi>' in source
