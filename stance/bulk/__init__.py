"""Bulk: a file or folder of any size is scored in parts that outlive a kill."""
