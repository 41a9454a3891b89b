"""The day as a grid: a row for each time, two columns for each clinician (who, and the state)."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QBrush, QColor, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView, QWidget

from shell.reference_legacy.records import DayBook, Slot, SlotState
from shell.reference_legacy.style import GRID_LINE, NO_SLOT, STATE_COLOURS, TIME_FACE

_Index = QModelIndex | QPersistentModelIndex
_TIME_WIDTH, _STATE_WIDTH, _NARROWEST_NAME, _ROW_HEIGHT = 40, 18, 120, 16


class DayModel(QAbstractTableModel):
    """Slots by time and clinician; a second slot at the same time stands in a row of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._headings: list[str] = []
        self._times: list[time] = []
        self._cells: dict[tuple[int, int], Slot] = {}

    def show_day(self, book: DayBook, session_guid: str | None) -> None:
        """Show a day, or one session of it."""
        self.beginResetModel()
        sessions = [one for one in book.sessions if session_guid in {None, one.guid}]
        staff = {one.guid: one.clinicians for one in sessions}
        columns = [key for key in book.clinicians if key in staff.values()]
        slots = [one for one in book.slots if one.session_guid in staff]
        orphans = [one for one in book.slots if session_guid is None and one.session_guid not in staff]
        self._headings = [book.clinicians[key] for key in columns] + (["NO SESSION"] if orphans else [])
        placed: dict[tuple[time, int, int], Slot] = {}
        for slot in (*slots, *orphans):
            known = slot.session_guid in staff
            column = columns.index(staff[slot.session_guid]) if known else len(columns)
            layer = 0
            while (slot.starts, layer, column) in placed:
                layer += 1
            placed[slot.starts, layer, column] = slot
        rows = sorted({(starts, layer) for starts, layer, _ in placed})
        self._times = [starts for starts, _ in rows]
        at = {row: number for number, row in enumerate(rows)}
        self._cells = {(at[starts, layer], column): slot for (starts, layer, column), slot in placed.items()}
        self.endResetModel()

    def slot_at(self, index: _Index) -> Slot | None:
        """The slot of a cell."""
        return self._cells.get((index.row(), (index.column() - 1) // 2)) if index.column() > 0 else None

    def heading_at(self, index: _Index) -> str:
        """Whose column a cell stands in."""
        column = (index.column() - 1) // 2
        return self._headings[column] if index.column() > 0 and column < len(self._headings) else ""

    def place_of(self, guid: str) -> QModelIndex:
        """The cell of a slot; an invalid index when it is not shown."""
        for (row, column), slot in self._cells.items():
            if slot.guid == guid:
                return self.index(row, 2 * column + 1)
        return QModelIndex()

    def slots(self) -> Mapping[tuple[int, int], Slot]:
        """All slots by row and clinician's column."""
        return self._cells

    def rowCount(self, parent: _Index | None = None) -> int:  # noqa: N802 -- Qt's name
        """How many times there are."""
        return 0 if parent is not None and parent.isValid() else len(self._times)

    def columnCount(self, parent: _Index | None = None) -> int:  # noqa: N802 -- Qt's name
        """The time, and two for each clinician."""
        return 0 if parent is not None and parent.isValid() else 1 + 2 * len(self._headings)

    def headerData(  # noqa: N802 -- Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Headings of the columns."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if section == 0:
            return "Time"
        return self._headings[(section - 1) // 2] if section % 2 else "S"

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text and colours of a cell."""
        slot = self.slot_at(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index, slot)
        is_time = index.column() == 0
        if role == Qt.ItemDataRole.BackgroundRole:
            free_of_slots = TIME_FACE if is_time else NO_SLOT
            return QBrush(QColor(free_of_slots if slot is None else STATE_COLOURS[slot.state][0]))
        if role == Qt.ItemDataRole.ForegroundRole and slot is not None:
            return QBrush(QColor(STATE_COLOURS[slot.state][1]))
        return None

    def _text(self, index: _Index, slot: Slot | None) -> str:
        if index.column() == 0:
            return self._times[index.row()].strftime("%H:%M")
        if slot is None:
            return ""
        return slot.state.value if index.column() % 2 == 0 else cell_text(slot)


def cell_text(slot: Slot) -> str:
    """What a slot's cell says: who is booked, or why nobody can be."""
    if slot.patient_name:
        return slot.patient_name
    if slot.state is SlotState.BLOCKED:
        return f"** {slot.slot_type.upper() or 'BLOCKED'} **"
    return ""


class DayGrid(QTableView):
    """The grid; the arrow keys go from slot to slot, Ctrl+C copies the slot under the cursor.

    Signals:
        moved: another cell is under the cursor.
        chosen: Enter or a double click on a slot.
    """

    moved = Signal()
    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.day_model = DayModel()
        self.setModel(self.day_model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFrameStyle(QFrame.Shape.Panel | QFrame.Shadow.Sunken)
        self.setLineWidth(2)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setStyleSheet(f"QTableView {{ gridline-color: {GRID_LINE}; background: #808080; }}")
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(_ROW_HEIGHT)
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        across = self.horizontalHeader()
        across.setMinimumSectionSize(_STATE_WIDTH)
        across.setFixedHeight(18)
        across.setHighlightSections(False)
        across.setSectionsClickable(False)
        self.doubleClicked.connect(lambda _index: self.chosen.emit())

    def show_day(self, book: DayBook, session_guid: str | None, at: str | None) -> None:
        """Show a day; the cursor goes to a slot, or stays as near as it can.

        Args:
            book: the day as read.
            session_guid: the only session to show, None for all.
            at: the slot to go to.
        """
        before = self.currentIndex()
        row, column = before.row(), before.column()
        self.day_model.show_day(book, session_guid)
        self._share_width()
        index = self.day_model.place_of(at) if at else QModelIndex()
        if not index.isValid():
            last_row, last_column = self.day_model.rowCount() - 1, self.day_model.columnCount() - 2
            index = self.day_model.index(min(max(row, 0), last_row), min(max(column, 1), last_column))
        self.setCurrentIndex(index)
        self._mark(index)
        self.moved.emit()

    def current_slot(self) -> Slot | None:
        """The slot under the cursor."""
        index = self.currentIndex()
        return self.day_model.slot_at(index) if index.isValid() else None

    def current_heading(self) -> str:
        """Whose column the cursor is in."""
        index = self.currentIndex()
        return self.day_model.heading_at(index) if index.isValid() else ""

    def moveCursor(  # noqa: N802 -- Qt's name
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Skip the narrow columns: left and right go from clinician to clinician."""
        current = self.currentIndex()
        step = {
            QAbstractItemView.CursorAction.MoveLeft: -2,
            QAbstractItemView.CursorAction.MoveRight: 2,
        }.get(action)
        if step is not None and current.isValid():
            beside = self.day_model.index(current.row(), current.column() + step)
            return beside if beside.isValid() and beside.column() > 0 else current
        moved = super().moveCursor(action, modifiers)
        return self.day_model.index(moved.row(), current.column()) if current.isValid() else moved

    def currentChanged(self, current: _Index, previous: _Index) -> None:  # noqa: N802 -- Qt's name
        """Mark the slot under the cursor; a click beside a name goes to the name."""
        super().currentChanged(current, previous)
        if current.isValid() and current.column() % 2 == 0:
            name = max(current.column() - 1, 1)
            self.setCurrentIndex(self.day_model.index(current.row(), name))
            return
        self._mark(current)
        self.moved.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        """Enter chooses, Ctrl+C copies."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.copied_text())
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def copied_text(self) -> str:
        """The slot under the cursor as time, clinician, who, state, patient number, tabs between."""
        slot = self.current_slot()
        if slot is None:
            return ""
        number = "" if slot.patient_number is None else str(slot.patient_number)
        return "\t".join(
            (slot.starts.strftime("%H:%M"), self.current_heading(), cell_text(slot), slot.state.value, number)
        )

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        """Share the width among the clinicians."""
        super().resizeEvent(event)
        self._share_width()

    def _mark(self, index: _Index) -> None:
        selection = QItemSelection()
        if index.isValid():
            state = self.day_model.index(index.row(), index.column() + 1)
            selection.select(self.day_model.index(index.row(), index.column()), state)
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _share_width(self) -> None:
        clinicians = (self.day_model.columnCount() - 1) // 2
        if clinicians < 1:
            return
        spare = self.viewport().width() - _TIME_WIDTH - clinicians * _STATE_WIDTH
        self.setColumnWidth(0, _TIME_WIDTH)
        for number in range(clinicians):
            self.setColumnWidth(2 * number + 1, max(_NARROWEST_NAME, spare // clinicians))
            self.setColumnWidth(2 * number + 2, _STATE_WIDTH)
