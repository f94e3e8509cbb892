"""Which models there are, and which of them is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from psygnal import Signal

from napari_unet.models import library
from napari_unet.schema.settings import FineTuneSettings
from napari_unet.session.lineage import base_of


class ModelChoice:
    """The models of the library, and the one that the next job uses."""

    changed = Signal()
    """Anything that a button depends on."""

    def __init__(self) -> None:
        self.models: Sequence[library.Entry] = []
        self.model: library.Entry | None = None
        self.refresh_models()

    def refresh_models(self) -> None:
        """Read the library again; a choice that is still there stays."""
        chosen = self.model.card.id if self.model else None
        self.models = library.list_models()
        self.model = next((m for m in self.models if m.card.id == chosen), None)
        if self.model is None and self.models:
            self.model = self.models[0]
        self.changed.emit()

    def choose(self, model_id: str) -> None:
        """Use another model from the next job on.

        Raises
        ------
        ValueError
            If the library has no model of this id.
        """
        found = [entry for entry in self.models if entry.card.id == model_id]
        if not found:
            raise ValueError("This model is no longer in the library: choose another one.")
        self.model = found[0]
        self.changed.emit()

    def choose_file(self, path: str) -> None:
        """Use the model of a file from the next job on, if the library has it."""
        for entry in self.models:
            if str(entry.path) == path:
                self.choose(entry.card.id)

    @property
    def base(self) -> library.Entry | None:
        """What the chosen model descends from in the end; None where it descends from nothing."""
        return base_of(self.models, self.model.card) if self.model else None

    def base_for(self, settings: FineTuneSettings) -> library.Entry | None:
        """What fine-tuning starts from instead of the chosen model; None is that model itself."""
        return self.base if settings.starts_from_base else None
