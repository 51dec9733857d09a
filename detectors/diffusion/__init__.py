"""Diffusion models: `karras` (preconditioning, noise schedule, LMS sampler), `averages` (EMA and warm-ups)."""
