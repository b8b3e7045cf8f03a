"""A run of `w2v train`, from the text to the file: checkpoints, validation, memory and messages.

`settings_search` and `topic_sweep` train several models.
"""
