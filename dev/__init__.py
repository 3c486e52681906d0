"""What `run check` and `run test` do. Development only: the application never imports it."""
