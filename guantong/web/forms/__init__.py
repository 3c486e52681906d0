"""Forms too large to stand beside the view that shows them."""
