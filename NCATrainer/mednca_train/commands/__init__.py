"""The commands of training.

given.py        what their options name, and what is to be said against it
shown.py        what they show while they work, and say at their end
training.py     plan, train, resume, runs, finetune
validation.py   calibrate, verdict-report, study
"""
