"""What a policy file means: presets folded in, both spellings made one."""
