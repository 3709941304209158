"""The fuzzer: damaged and odd files and requests, and what becomes of them.

`python -m fuzz` (make fuzz). Every case is made from (seed, subject, number) alone, so that one that fails can be made
again: `python -m fuzz --subject nifti --case 17 --keep DIR`. Cases run in child processes; what ends one is counted.
"""
