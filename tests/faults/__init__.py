"""Every remote call of whole runs with every fault: whether each run ends, and tells the truth about what was done."""
