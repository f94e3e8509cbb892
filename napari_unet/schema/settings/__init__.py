"""Every number a user can turn, declared once: default, range, label and help.

The panel's forms, the command line, validation, the model card and the table in the
documentation are all derived from these records (rule 3 of ``docs/architecture.md``).
"""

from napari_unet.schema.settings.loss import LossSettings
from napari_unet.schema.settings.network import NetworkSettings
from napari_unet.schema.settings.prediction import Device, MaskSettings, PredictSettings
from napari_unet.schema.settings.record import Record
from napari_unet.schema.settings.training import AugmentSettings, FineTuneSettings, TrainSettings

__all__ = [
    "AugmentSettings",
    "Device",
    "FineTuneSettings",
    "LossSettings",
    "MaskSettings",
    "NetworkSettings",
    "PredictSettings",
    "Record",
    "TrainSettings",
]
