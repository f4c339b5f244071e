"""Functions of rules that the CEL library lacks, as plain functions: a method's first argument is what it is called on.

Source: https://kubernetes.io/docs/reference/using-api/cel/#cel-options-language-features-and-libraries.
"""
