"""Online keys in KMS: those that infra.toml gives, what becomes of one, and what else it is for.

given       which keys are given, each for one role
kms         whether one can be signed with
states      what its state means, and what mends it
uses        whose it is besides, by its aliases and tags
"""
