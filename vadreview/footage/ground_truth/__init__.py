"""What is known to be abnormal, from the files in which others wrote it down.

`sources` are the files as they came, each module named after a format reads one kind of file into `Truth`s, `formats`
chooses between them, `matching` fits a `Truth` to a video of a project, and `importing` stores what fits.
"""
