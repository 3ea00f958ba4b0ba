"""Disclosure control: what may be shown of sums in which a company could be told, which further cells must be hidden, and the proof."""
