"""Pin sets: by what boards know the edge, and whom a change of them would strand."""
