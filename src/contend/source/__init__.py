"""From files on disk to a linked model of an app."""
