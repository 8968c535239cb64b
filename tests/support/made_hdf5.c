/* HDF5 files of radar formats, made by the HDF5 library. */
#include "support/made_hdf5.h"

#include "support/support.h"

hid_t put_group(hid_t parent, const char *name)
{
    return H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

void put_text(hid_t object, const char *name, const char *text, bool variable)
{
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, variable ? H5T_VARIABLE : strlen(text) + 1);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, variable ? (const void *)&text : text) >= 0);
    H5Aclose(attribute), H5Sclose(space), H5Tclose(type);
}

void put_number(hid_t object, const char *name, double number)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(object, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &number) >= 0);
    H5Aclose(attribute), H5Sclose(space);
}

void put_float(hid_t object, const char *name, float number)
{
    const hid_t space = H5Screate_simple(1, (hsize_t[]){1}, NULL);
    const hid_t attribute = H5Acreate2(object, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_FLOAT, &number) >= 0);
    H5Aclose(attribute), H5Sclose(space);
}
