"""What the scripts of the desk's page do, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.support.live_web import LivePage, live_page
from tests.web_modules.desk.tasks import conflict_task
from web_modules.fhir.mirror_tasks import task_resource
from web_modules.fhir_store.store import Standard

pytestmark = pytest.mark.browser


@pytest.fixture
def live(qapp: QApplication, tmp_path: Path, standard: Standard) -> Iterator[LivePage]:
    """A browser beside a server of its own."""
    with live_page(tmp_path, standard) as page:
        yield page


def test_a_choice_is_made_and_written_without_leaving_the_page(live: LivePage) -> None:
    made = live.fhir.create(task_resource(conflict_task()))
    live.open("desk?context=ctx-7")
    live.run("document.querySelector('.dk-side').click()")
    live.until("document.querySelector('.dk-side[aria-checked=true]')")
    assert (
        live.run("document.querySelector('.dk-foot button').textContent")
        == "Write 07700 900318 to both sides"
    )
    live.run("document.querySelector('.dk-foot button').click()")
    live.until("document.body.innerText.includes('Decided.')")
    live.fhir.update({**live.fhir.read("Task", made["id"]), "status": "completed"})
    live.until("document.body.innerText.includes('Nothing needs a decision')")


def test_a_new_conflict_appears_and_what_is_typed_stays(live: LivePage) -> None:
    made = live.fhir.create(task_resource(conflict_task()))
    live.open(f"desk?task={made['id']}&keep=other")
    live.write("#value_mobile_phone", "07700 900999")
    assert live.run("document.documentElement.dataset.unsaved") == "true"
    live.fhir.create(task_resource(conflict_task(key="c2", title="The title differs")))
    live.until("document.body.innerText.includes('The title differs')")
    assert live.run("document.querySelector('#value_mobile_phone').value") == "07700 900999"


def test_what_changes_while_somebody_types_is_told(live: LivePage) -> None:
    made = live.fhir.create(task_resource(conflict_task()))
    live.open(f"desk?task={made['id']}&keep=other")
    live.write("#value_mobile_phone", "07700 900999")
    changed = task_resource(conflict_task(seen="another"))
    live.fhir.update({**changed, "id": made["id"]})
    live.until("document.body.innerText.includes('Changed on the other side just now')")
    assert live.run("document.querySelector('#value_mobile_phone').value") == "07700 900999"
