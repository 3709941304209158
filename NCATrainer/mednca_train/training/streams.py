"""What a random address is drawn for in a training. The numbers keep the streams apart; they never change."""

CASES, AUGMENT, PATCH, STEPS, STRUCTURE = 1, 2, 3, 4, 5
