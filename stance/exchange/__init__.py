"""Other tools' formats, one file each: labels go out and come back without loss."""
