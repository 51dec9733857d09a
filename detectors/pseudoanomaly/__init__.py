"""Pseudo-anomaly autoencoder: `config` (no torch), `network`, `training`, `scoring`, `detector`."""
