"""The journal: what a person has done to an image, on the disk as soon as it is done.

Each journal is one SQLite file, in the user's data folder and never beside the image. Rows are only
added. `Journal` writes in a thread of its own, `find` says what there is for an image, `read` gives
it back, and `compact` makes a long one short without touching it.
"""

from napari_unet.session.journal.compaction import compact
from napari_unet.session.journal.journal import Journal
from napari_unet.session.journal.reader import read
from napari_unet.session.journal.rows import Identity
from napari_unet.session.journal.shelf import Found, all_journals, find

__all__ = ["Found", "Identity", "Journal", "all_journals", "compact", "find", "read"]
