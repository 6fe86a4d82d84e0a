"""City models to buildings: CityJSON 1.0, 1.1 and 2.0, and its line-by-line form.

`document` opens the file and knows its grammar, `surfaces` turns nested polygons into triangles, `buildings` folds
objects and their parts into values of `zonebox.model`.
"""

from zonebox_converters.citymodel.buildings import read

__all__ = ["read"]
