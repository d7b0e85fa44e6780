"""Owns: what any program needs (time, ids, money, database, work, errors). Does not own: any word of the trade."""
