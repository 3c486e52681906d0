"""Guantong: carries out a plan for strengthening grass-roots Party organisations."""
