"""DiffVAD: patterns of what could come next, and pseudo-labels that neighbours refine (Zhang et al., IJCAI 2024)."""
