"""The pages: one module an area, one function a page."""
