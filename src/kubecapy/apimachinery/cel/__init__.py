"""The Common Expression Language as Kubernetes speaks it: read, typed, evaluated.

In the order of the data: `tokens`, `parser` (with `literals` and `macros`) make a `tree`; `checker` gives each node of
it a type of `types`, by the functions that `declarations` lists; `evaluation` answers it for values.

Sources: https://github.com/google/cel-spec/blob/master/doc/langdef.md; cel-go 0.26, whose words the errors are.
"""
