"""The bucket, the edge and the keys in AWS, by three stacks.

settings, bucket_names, parameters,     what is wanted: infra.toml, held against the templates
stack_requests
template, rules/                        the templates, and what must hold of them
jobs, requirements, bucket_actions,     what roles, boards and people need: of templates, and of
sample_paths                            what is live
policies, node, wildcards, arns         policies and templates taken apart
cloudformation/, outputs                stacks and change sets, as they are made and followed
losses/                                 what must not be taken away
keys/                                   the keys that the roles sign with
ownership, deployer, other_accounts     whose a stack is, and whom its parameters name
buckets, clients, explain               AWS asked, and its errors
cost/                                   what a fleet costs in a month
"""
