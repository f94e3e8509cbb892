"""Random variation of training patches, on the device."""
