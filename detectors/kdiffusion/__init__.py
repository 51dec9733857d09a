"""k-diffusion on clip features: `config` (no torch), `network`, `space`, `training`, `scoring`, `detector`."""
