"""`python -m mednca_train ...` is `mednca ...`; so `torchrun --nproc-per-node 2 -m mednca_train train ...` works."""

from .cli import main

if __name__ == "__main__":
    main()
