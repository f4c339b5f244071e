"""The Common Expression Language as Kubernetes speaks it: read, typed, priced, evaluated.

In the order of the data: `tokens` and `parser` (with `literals` and `macros`) make a `tree`; `checker` gives each node
of it a type of `types`, by the functions that `declarations` lists and by `unification`; `costs` and `call_costs`
estimate what it costs; `evaluation` (with `forms`, `dispatch`, `operators`, `functions`) answers it for `values`.

Sources: https://github.com/google/cel-spec/blob/master/doc/langdef.md; cel-go 0.26, whose words the errors are.
"""
