"""Diffusion models: `karras` (preconditioning, noise schedule, LMS sampler), `ddpm` (discrete steps), `averages`
(EMA and warm-ups).
"""
