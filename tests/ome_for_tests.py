"""OME-Zarr images as other programs write them: their metadata is spelled out here by hand."""

import zarr

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}


def write_ome_zarr(path, levels, names, version="0.5", scales=None, types=TYPES, more=None):
    """Write the levels of an image, the finest first, with a scale for each axis of each level."""
    chunks = [1] * (len(names) - 2) + [40, 40]
    group = zarr.create_group(path, zarr_format=2 if version == "0.4" else 3)
    for index, level in enumerate(levels):
        sides = tuple(min(side, n) for side, n in zip(chunks, level.shape, strict=True))
        group.create_array(str(index), data=level, chunks=sides)
    scales = scales or [[1.0] * len(names)] * len(levels)
    multiscale = {
        "axes": [about(name, types) for name in names],
        "datasets": [
            {
                "path": str(index),
                "coordinateTransformations": [
                    {"type": "scale", "scale": scale},
                    {"type": "translation", "translation": [float(i) for i in range(len(names))]},
                ],
            }
            for index, scale in enumerate(scales)
        ],
        **(more or {}),
    }
    if version == "0.4":
        group.attrs.update({"multiscales": [{"version": version, **multiscale}]})
    else:
        group.attrs.update({"ome": {"version": version, "multiscales": [multiscale]}})
    return path


def about(name, types):
    known = {"type": types[name], "unit": UNITS.get(name)}
    return {"name": name} | {key: value for key, value in known.items() if value}
