"""The bucket, the edge and the keys in AWS, by three stacks.

settings, parameters, stack_requests    what is wanted: infra.toml, held against the templates
rules/                                  what must hold of a template
cloudformation/                         stacks and change sets, as they are made and followed
guard, in_place, removal, ownership     what must not be taken away, and from whom
cost/                                   what a fleet costs in a month
"""
