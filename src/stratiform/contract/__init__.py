"""Owns: what a connector must do, and the words for it. Does not own: how any cloud does it, nor who pays.

Services call these protocols; connectors fulfil them; neither knows the other. Every verb is safe to
repeat, and everything that is made carries our id (`token`), so that an answer that was lost is found again.
"""
