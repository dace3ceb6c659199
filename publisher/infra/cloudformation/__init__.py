"""CloudFormation: stacks found and followed, change sets made, its own answers put in words."""
