"""Doors through which scripts written for other packages run on this one."""
