"""Glance v2: versions, reading of images, their schemas."""
