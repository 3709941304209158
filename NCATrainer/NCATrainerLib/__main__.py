"""`python -m NCATrainerLib ...` is `mednca ...`; so `torchrun --nproc-per-node 2 -m NCATrainerLib train ...` works."""

from .cli import main

if __name__ == "__main__":
    main()
