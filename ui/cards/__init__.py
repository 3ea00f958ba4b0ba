"""The cards: one function a question, from a page's view to a finding with its chart and table.

A title is computed from the very rows that are drawn. Each module holds the cards of one subject.
"""
