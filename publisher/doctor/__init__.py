"""`slotcast doctor`: looks at a live deployment as boards and an operator see it."""
