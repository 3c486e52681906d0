"""What the words `check` and `test` of `run` do. Development only: the application never imports it."""
