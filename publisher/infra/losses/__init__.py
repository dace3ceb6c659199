"""What must not be taken away without being named: of a change set, and of a stack that goes.

guard           resources that are removed or replaced, and what lets a loss through
in_place        what is lost of a resource that stays
parameters      what is lost by another value in infra.toml
keys            keys that roles sign with no longer
removal         what goes, and what stays, with a whole stack
"""
