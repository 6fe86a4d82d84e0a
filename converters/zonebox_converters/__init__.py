"""Readers and writers: each folder turns one kind of source into values of `zonebox.model`, or writes them out.

They meet only in the `Scene`; none of them imports another.
"""
