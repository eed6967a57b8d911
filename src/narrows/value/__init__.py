"""Day 10: who keeps the value of scarcity, layer by layer and company by company."""
