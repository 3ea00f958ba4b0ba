"""What pages share: the look, numbers in words, charts, the board that draws them."""
