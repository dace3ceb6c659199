"""What a fleet costs in a month: its traffic, the prices, and the lines that they come to."""
