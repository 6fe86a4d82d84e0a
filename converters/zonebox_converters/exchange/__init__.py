"""Control envelopes for other programs: IFC, CityJSON, glTF, OBJ and DXF solids, and the table of envelopes.

`sheets` gathers what is said about each envelope once; every other module turns that into one kind of file.
"""

from zonebox_converters.exchange.database import check_database, is_database, write_database
from zonebox_converters.exchange.sheets import COLUMNS, table_rows
from zonebox_converters.exchange.writing import FORMATS, SCHEMAS, check_target, write

__all__ = ["COLUMNS", "FORMATS", "SCHEMAS", "check_database", "check_target", "is_database", "table_rows", "write",
           "write_database"]
