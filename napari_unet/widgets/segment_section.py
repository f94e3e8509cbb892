"""The first section of the panel: choose an image and a model, and segment."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from napari_unet.schema.settings import MaskSettings, PredictSettings
from napari_unet.session import kind, wording
from napari_unet.session.heads import why_no_choice
from napari_unet.widgets import layers
from napari_unet.widgets.copy_segmentation import copy_segmentation
from napari_unet.widgets.desk import Desk, Scope
from napari_unet.widgets.fold import Fold
from napari_unet.widgets.forms import Form
from napari_unet.widgets.parts import Choice, Explanation, Running, Section, beneath, beside, button
from napari_unet.widgets.runner import guarded

_AXES = {"T": "time", "Z": "slices", "C": "channels"}
_TOGETHER = "all channels"
_BRIGHTNESS = "brightness"
_HOLDS = "What the mask holds: classes, or the objects of one of them."
_CORRECTED = "The mask was corrected as what it holds now: duplicate the image for another one."


class SegmentSection(Section):
    """Choose an image and a model, and segment."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("1  Segment", parent)
        self._desk = desk
        self.image = Choice("The image that is segmented.")
        self.description = Explanation()
        self.axes = Choice("What the axes of the image mean.")
        self.channel = Choice("The channel, colour or stain that is segmented.")
        self.model = Choice("The model that segments; models that you keep appear here.")
        self.about = Explanation()
        self.scope = Choice("How much of the image is segmented.")
        self.run = button("Segment", "Run the model over the image.", name="primary")
        self.status = Explanation()
        self.running = Running("Cancel", "End now; the tiles that are done stay.")
        self.holds = Choice(_HOLDS)
        self.masks = Form(
            desk.maker.settings, [n for n in MaskSettings.model_fields if n != "objects_of"]
        )
        self.more = Fold(
            "More settings", "Device, tile size and other settings that are seldom needed."
        )
        names = ["device", "tile_px", "head", "rotations"]
        self.predict = Form(desk.predict_settings, names)
        self.copy = copy_segmentation(desk)
        self._arrange()
        self._connect()
        self.refresh()

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for title, widget, below in (
            ("Image", self.image, [self.description, beside(self.axes, self.channel)]),
            ("Model", self.model, [self.about]),
            ("Where", self.scope, []),
        ):
            label = QLabel(title)
            label.setBuddy(widget)
            label.setToolTip(widget.toolTip())
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            form.addRow(label, beneath(widget, *below))
        self.rows.addLayout(form)
        for widget in (self.run, self.status, self.running, self.holds, self.masks):
            self.rows.addWidget(widget)
        self.rows.addLayout(beside(self.more, self.copy, stretch=(1, 0)))
        self.rows.addWidget(self.predict)
        self.predict.hide()

    def _connect(self) -> None:
        self.image.activated.connect(self._on_image_chosen)
        self.axes.activated.connect(self._on_axes_chosen)
        self.channel.activated.connect(self._on_channel_chosen)
        self.model.activated.connect(self._on_model_chosen)
        self.run.clicked.connect(self._on_run_clicked)
        self.running.stop.clicked.connect(self._on_cancel_clicked)
        self.masks.changed.connect(self._on_masks_edited)
        self.holds.activated.connect(self._on_kind_chosen)
        self.predict.changed.connect(self._on_predict_edited)
        self.more.toggled.connect(self.predict.setVisible)
        self._desk.changed.connect(self.refresh)
        self._desk.progressed.connect(self._on_progressed)

    # what it shows

    @guarded
    def refresh(self) -> None:
        """Show everything as it is now."""
        self._show_image()
        self._show_model()
        self._show_run()
        self._show_masks()
        self.predict.show_record(self._desk.predict_settings)
        self.predict.explain(why_no_choice(self._desk.card))

    def _show_image(self) -> None:
        stage = self._desk.stage
        images, image = stage.images, stage.image
        self.image.offer([i.name for i in images], images.index(image) if image else -1)
        self.image.setEnabled(bool(images))
        readable = image is not None and self._readable()
        ways = list(layers.choices(image)) if image is not None and readable else []
        names = list(layers.channels(image, stage.reading.axes)) if image and readable else []
        self.axes.setVisible(len(ways) > 1)
        self.channel.setVisible(len(names) > 1)
        if image is None or not readable:
            self.description.say("")
            return
        reading = stage.reading
        self.description.say(layers.describe(image, reading))
        chosen = ways.index(reading.axes) if reading.axes in ways else -1
        self.axes.offer([_in_words(way) for way in ways], chosen)
        together = _TOGETHER if layers.channel_count(image, reading.axes) > 1 else _BRIGHTNESS
        chosen = len(names) if reading.channel is None else reading.channel
        self.channel.offer([*names, together], chosen)
        self._show_scopes(len(layers.planes_of(image, reading.axes)))

    def _show_scopes(self, planes: int) -> None:
        chosen = max(0, self.scope.currentIndex())
        one = ["What I see", "The whole image"]
        many = ["What I see", "This slice", f"All {planes} slices"]
        self.scope.offer(many if planes > 1 else one, min(chosen, 2 if planes > 1 else 1))

    def _show_model(self) -> None:
        session = self._desk.session
        ids = [entry.card.id for entry in session.models]
        chosen = ids.index(session.model.card.id) if session.model else -1
        self.model.offer(wording.model_names(session.models), chosen)
        self.model.setEnabled(bool(ids) and session.running is None)
        self.about.say(wording.model_text(session.model) if session.model else "")

    def _show_run(self) -> None:
        session = self._desk.session
        segmenting = session.wanted is not None and session.wanted.kind == "predict"
        reason = self._desk.why_not_segment()
        self.run.setVisible(not segmenting)
        self.run.setEnabled(not reason)
        self.status.say("" if segmenting else reason or self._desk.status())
        self.running.setVisible(segmenting)
        self.running.show_progress(session.progress, session.ending)

    def _show_masks(self) -> None:
        model, settings = self._desk.session.model, self._desk.maker.settings
        names = model.card.names_of_classes if model is not None else ()
        chosen = 0 if settings.objects_of is None else settings.objects_of + 1
        self.holds.setVisible(bool(names))
        self.holds.offer(["Mask: classes", *(f"Mask: objects of {n}" for n in names)], chosen)
        work = self._desk.stage.work
        is_corrected = bool(names) and work is not None and work.specimen.history.states.any()
        self.holds.setEnabled(not is_corrected)
        self.holds.setToolTip(_CORRECTED if is_corrected else _HOLDS)
        self.masks.show_record(settings)
        self.masks.explain(kind.unused(len(names) or 1, settings))

    def _readable(self) -> bool:
        try:
            return bool(self._desk.stage.reading)
        except ValueError:
            return False

    # what its user does

    @guarded
    def _on_image_chosen(self, index: int) -> None:
        self._desk.stage.choose(self._desk.stage.images[index])

    @guarded
    def _on_axes_chosen(self, index: int) -> None:
        image = self._desk.stage.image
        if image is not None:
            self._desk.stage.read_as(layers.choices(image)[index])

    @guarded
    def _on_channel_chosen(self, index: int) -> None:
        together = index == self.channel.count() - 1
        self._desk.stage.choose_channel(None if together else index)

    @guarded
    def _on_model_chosen(self, index: int) -> None:
        self._desk.session.choose(self._desk.session.models[index].card.id)

    @guarded
    def _on_run_clicked(self) -> None:
        several: list[Scope] = ["view", "plane", "all"]
        self._desk.segment(several[self.scope.currentIndex()])

    @guarded
    def _on_cancel_clicked(self) -> None:
        self._desk.session.cancel()

    @guarded
    def _on_masks_edited(self, settings: MaskSettings) -> None:
        self._desk.use_mask_settings(settings)

    @guarded
    def _on_kind_chosen(self, index: int) -> None:
        wanted = {"objects_of": index - 1 if index else None}
        self._desk.use_mask_settings(self._desk.maker.settings.model_copy(update=wanted))
        self._desk.changed.emit()

    @guarded
    def _on_predict_edited(self, settings: PredictSettings) -> None:
        self._desk.use_predict_settings(settings)

    @guarded
    def _on_progressed(self) -> None:
        self.running.show_progress(self._desk.session.progress, self._desk.session.ending)


def _in_words(axes: str) -> str:
    """A way to read the axes, in words: what comes before y and x, and what after."""
    front, _, last = axes.partition("YX")
    words = [_AXES[axis] for axis in front] + ["channels last"] * bool(last)
    return ", ".join(words) or "one plane"
