"""Invents the people of a practice: staff and patients, none of whom exists."""

import random
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from nhs_number.validate import is_valid

from legacy_bridge.reference_practice.practice import PracticePlan

Row = dict[str, Any]

CLINICIANS = (
    ("Dr", "Priya", "Nair", "R0260", "General Medical Practitioner", "7076397"),
    ("Dr", "Tunde", "Okafor", "R0260", "General Medical Practitioner", "7408255"),
    ("Dr", "Helen", "Lindqvist", "R0270", "Registrar", "7512380"),
    ("", "Jo", "Whitfield", "R0580", "Nurse Practitioner", "09A1234E"),
    ("", "Ravi", "Basu", "R0600", "Practice Nurse", "11B4321E"),
)
OTHERS = (
    ("", "Dawn", "Hartley", "R1560", "Receptionist", ""),
    ("", "Marion", "Webb", "R1790", "Practice Manager", ""),
)

_FAMILIES = tuple(
    (
        "Hughes;Jones;Shaw;Begum;Kaur;Iqbal;Walsh;Lewis;Fisher;Carey;Adeyemi;Nguyen;Bailey;Patel;Lloyd;Turner;"
        "Foster;Singh;Brown;Barnes;Clarke;Ali;Morgan;Khan;Cole;Okonkwo;Price;Osei;Roberts;Hussain;Murray;"
        "Evans;Wood;Reid;Grant;Hill;Doyle;Macdonald;Hassan;Davies;Akhtar;Rahman;Cooper;Young;Dube;Stewart;"
        "Penn;Abbott;Kelly;Vaughan;Lamb;Bowen;Miles;Webster;O'Connor;Fitzgerald;Mbeki;Larsson;Kowalska;Nowak;"
        "Ferreira;Rossi;Chowdhury;Mensah;Ibrahim;Zhang;Tanaka;Haddad;Novak;Petrova;Silva;Yilmaz;Georgiou;"
        "Murphy;Campbell;Fraser;O'Neill;D'Souza;Müller;Núñez;Łukasik;Ó Briain;Sørensen;Çelik;Dvořák;Şahin;"
        "van der Berg;de la Cruz;Al-Farsi;Nic Dhòmhnaill;Ngũgĩ;Trần;Björklund;Garçon;Kovačević;St John;"
        "M'Bala;Ashworth;Bhatt;Cartwright;Dhillon;Eze;Farooq;Gill;Holloway;Ivanova;Jackson;Keita;Lim;Mistry;Noor;"
        "Oyelaran;Pryce;Qureshi;Rees;Sharma;Thornton;Ude;Virk;Whittaker;Yeo;Zaman"
    ).split(";")
)
_FEMALE = tuple(
    (
        "Margaret Shazia Harpreet Nadia Bronwen Grace Una Folake Ruth Meera Jean Sandra Tegan Zara Eleri "
        "Deborah Gwyneth Jessica Fiona Amina Thandi Moira Doris Nina Siobhan Anita Ellen Ngozi Freya "
        "Agnieszka Ines Siân Zoë Chloé Małgorzata Niamh Aoife Parveen Leila Mei Yetunde Beatriz Hannah "
        "Rosalind Iffat Catrin Joan Olga Wanjiru Sunita Bríd Anne-Marie"
    ).split()
)
_MALE = tuple(
    (
        "Alan Peter Kieran Minh Keith Emrys Colin Dean Gurdeep Imran Yusuf Kwame Daniel Callum Patrick Sean "
        "Iain Owen Bilal Tariq Frank Huw Victor Martin Arthur Omar Stefan Luis Marco Jun Pavel Emre Nikos "
        "Declan Søren José Łukasz Seán Rhŷs Jürgen Chinedu Farhan Wei Malik Gareth Neil Dmitri Tomasz Femi "
        "Rajesh Jean-Luc D'Andre"
    ).split()
)
_DOUBLE_BARRELLED = 0.05
"""The share of people with two family names."""

_STREETS = (
    "Larkspur Close;Kiln Row;Mill Lane;Station Road;Orchard Way;Priory Street;Church Hill;Foxglove Drive;"
    "Weavers Yard;Alder Grove;Bridge Street;Harbour View;Quarry Bank;Meadow Rise;Chapel Walk;Sycamore Avenue"
).split(";")


def staff_rows(plan: PracticePlan, organisation: str) -> Iterator[Row]:
    """The people who work there."""
    for title, given, family, code, job, registration in (*CLINICIANS, *OTHERS):
        yield {
            "UserInRoleGuid": plan.guid("staff", family),
            "OrganisationGuid": organisation,
            "Title": title or None,
            "GivenName": given,
            "Surname": family,
            "JobCategoryCode": code,
            "JobCategoryName": job,
            "ContractStartDate": date(2016, 1, 1),
            "RegistrationNumber": registration or None,
        }


def patient_rows(plan: PracticePlan, organisation: str) -> Iterator[Row]:
    """The people who are registered: the special ones first, then ordinary ones."""
    chance = random.Random(f"{plan.seed}/patients")  # noqa: S311
    numbers = _nhs_numbers(plan)
    special = dict(enumerate(_special(plan.today))) | dict(enumerate(_OTHER_SCRIPTS, start=60))
    for place in range(plan.patients):
        row = _ordinary(chance, plan.today) | special.get(place, {})
        if row["MiddleNames"] == row["GivenName"]:
            row["MiddleNames"] = None
        row["NhsNumber"] = None if row.pop("_has_no_number", False) else next(numbers)
        row["Surname"] = plan.name_prefix + row["Surname"]
        row["EmailAddress"] = _email(row, place) if chance.random() < 0.6 else None
        number = plan.first_number + place
        yield row | {
            "PatientGuid": plan.guid("patient", number),
            "PersonGuid": plan.guid("person", number),
            "OrganisationGuid": organisation,
            "PatientNumber": number,
            "UsualGpUserInRoleGuid": plan.guid("staff", CLINICIANS[chance.randrange(3)][2]),
            "DummyType": False,
            "Deleted": False,
            "ProcessingId": number,
        }


def _ordinary(chance: random.Random, today: date) -> Row:
    is_female = chance.random() < 0.51
    born = today - timedelta(days=int(chance.triangular(20, 95 * 365, 45 * 365)))
    age = (today - born).days // 365
    given, middle = chance.sample(_FEMALE if is_female else _MALE, 2)
    families = chance.sample(_FAMILIES, 2 if chance.random() < _DOUBLE_BARRELLED else 1)
    return {
        "Sex": "F" if is_female else "M",
        "Title": _title(chance, age, is_female=is_female),
        "GivenName": given,
        "MiddleNames": middle if chance.random() < 0.4 else None,
        "Surname": "-".join(families),
        "DateOfBirth": born,
        "DateOfRegistration": max(born, today - timedelta(days=chance.randrange(30, 9000))),
        "PatientTypeDescription": "Temporary" if chance.random() < 0.03 else "Regular",
        "HouseNameFlatNumber": f"Flat {chance.randrange(1, 12)}" if chance.random() < 0.15 else None,
        "NumberAndStreet": f"{chance.randrange(1, 120)} {chance.choice(_STREETS)}",
        "Town": "Fernbrook",
        "County": "Exampleshire",
        "Postcode": f"FB{chance.randrange(1, 9)}{chance.randrange(1, 9)}{_letters(chance)}",
        "HomePhone": f"01632 960{chance.randrange(1000):03}" if chance.random() < 0.8 else None,
        "MobilePhone": f"07700 900{chance.randrange(1000):03}" if chance.random() < 0.85 else None,
        "SpineSensitive": False,
        "IsConfidential": False,
    }


def _special(today: date) -> tuple[Row, ...]:
    """Those whom every screen has to get right: same names, no number, dead, newborn, confidential."""
    return (
        {"Surname": "Smith", "GivenName": "Sarah", "MiddleNames": None, "Title": "Mrs", "Sex": "F",
         "DateOfBirth": date(1961, 3, 12), "NumberAndStreet": "14 Larkspur Close", "Postcode": "FB47QT",
         "HouseNameFlatNumber": None, "HomePhone": "01632 960142", "MobilePhone": "07700 900142"},
        {"Surname": "Smith", "GivenName": "Sandra", "MiddleNames": None, "Title": "Ms", "Sex": "F",
         "DateOfBirth": date(1964, 3, 12), "NumberAndStreet": "3 Kiln Row", "HouseNameFlatNumber": None},
        {"Surname": "Smithers", "GivenName": "Sam", "Title": "Mr", "Sex": "M",
         "DateOfBirth": date(1987, 9, 2)},
        {"Surname": "Smith", "GivenName": "Sarah", "Title": "Miss", "Sex": "F",
         "DateOfBirth": date(1991, 3, 12)},
        {"Surname": "Wharton", "GivenName": "Arthur", "Title": "Mr", "Sex": "M",
         "DateOfBirth": date(1938, 1, 11), "DateOfDeath": today - timedelta(days=75),
         "DateofDeactivation": today - timedelta(days=70)},
        {"Surname": "Hassan", "GivenName": "Baby", "MiddleNames": None, "Title": None, "Sex": "F",
         "DateOfBirth": today - timedelta(days=3), "DateOfRegistration": today - timedelta(days=1),
         "HomePhone": None, "MobilePhone": "07700 900233", "_has_no_number": True},
        {"Surname": "Kowalska", "GivenName": "Zofia", "Title": "Ms", "Sex": "F",
         "DateOfBirth": date(1979, 6, 30), "IsConfidential": True},
        {"Surname": "Evans", "GivenName": "Gwyneth", "Title": "Mrs", "Sex": "F",
         "DateOfBirth": date(1948, 5, 21)},
        {"Surname": "O'Brien-Fitzwilliam-Featherstonehaugh", "GivenName": "Maximiliana Alexandrina",
         "Title": "Professor", "Sex": "F", "DateOfBirth": date(1955, 12, 31)},
    )  # fmt: skip


_OTHER_SCRIPTS: tuple[Row, ...] = (
    {"Surname": "Ковальчук", "GivenName": "Оксана", "MiddleNames": None, "Title": "Ms", "Sex": "F"},
    {"Surname": "أحمد", "GivenName": "محمد", "MiddleNames": None, "Title": "Mr", "Sex": "M"},
    {"Surname": "王", "GivenName": "小明", "MiddleNames": None, "Title": "Mr", "Sex": "M"},
)
"""Names in the letters that people write them in."""


def _email(row: Row, place: int) -> str:
    plain = unicodedata.normalize("NFKD", f"{row['GivenName']}.{row['Surname']}").encode("ascii", "ignore")
    kept = "".join(letter for letter in plain.decode().lower() if letter.isalnum() or letter in ".-")
    return f"{kept.strip('.') or 'patient'}{place}@example.org"


def _title(chance: random.Random, age: int, *, is_female: bool) -> str:
    if age < 16:
        return "Miss" if is_female else "Master"
    return chance.choice(("Mrs", "Mrs", "Ms", "Miss")) if is_female else "Mr"


def _letters(chance: random.Random) -> str:
    return "".join(chance.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))


def _nhs_numbers(plan: PracticePlan) -> Iterator[str]:
    """Numbers of the range 999, which is never issued, with right check digits; no two alike."""
    chance = random.Random(f"{plan.ods}/{plan.seed}/nhs")  # noqa: S311
    seen: set[str] = set()
    while True:
        nine = f"999{chance.randrange(10**6):06}"
        check = (11 - sum(int(digit) * (10 - place) for place, digit in enumerate(nine)) % 11) % 11
        number = f"{nine}{check}"
        if check < 10 and number not in seen and is_valid(number):
            seen.add(number)
            yield number
