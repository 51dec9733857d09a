"""Encoders of clips of 16 frames: `footage` (motion, no weights), `pretrained` (3D networks), read by `clips`."""
