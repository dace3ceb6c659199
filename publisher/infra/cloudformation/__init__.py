"""CloudFormation: stacks found and followed, change sets made and executed, errors explained."""
