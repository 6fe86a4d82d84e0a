"""The viewer as an application: one state, shown in a window, on a page, and in pictures.

`desk.Desk` is that state: what is shown, what is selected, what has been tried. `details` puts a finding or a parcel
into words and numbers; `page` serves the desk to a browser, `album` turns it into files.
"""

from zonebox.studio.desk import Desk
from zonebox.studio.tools import Cut, Sun

__all__ = ["Cut", "Desk", "Sun"]
