/* Attributes and groups of HDF5, for writers of ODIM_H5. */
#include "io/hdf5_put.h"

#ifdef NWC__HAVE_NETCDF

struct nwc__h5_quiet nwc__h5_be_quiet(void)
{
    struct nwc__h5_quiet before;
    H5Eget_auto2(H5E_DEFAULT, &before.print, &before.user);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return before;
}

void nwc__h5_be_as(struct nwc__h5_quiet before)
{
    H5Eset_auto2(H5E_DEFAULT, before.print, before.user);
}

nwc_status nwc__h5_failed(const char *what)
{
    return nwc__fail(NWC_ERR_IO, "HDF5 cannot write %s", what);
}

static nwc_status put(hid_t group, const char *name, hid_t space, hid_t stored, hid_t given, const void *value)
{
    if (H5Aexists(group, name) > 0) H5Adelete(group, name);
    const hid_t attribute = H5Acreate2(group, name, stored, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool written = attribute >= 0 && H5Awrite(attribute, given, value) >= 0;
    if (attribute >= 0) H5Aclose(attribute);
    if (space >= 0) H5Sclose(space);
    return written ? NWC_OK : nwc__h5_failed(name);
}

nwc_status nwc__h5_put_text(hid_t group, const char *name, const char *text)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text) + 1);
    const nwc_status status = put(group, name, H5Screate(H5S_SCALAR), type, type, text);
    H5Tclose(type);
    return status;
}

nwc_status nwc__h5_put_real(hid_t group, const char *name, double value)
{
    return put(group, name, H5Screate(H5S_SCALAR), H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

nwc_status nwc__h5_put_whole(hid_t group, const char *name, int64_t value)
{
    return put(group, name, H5Screate(H5S_SCALAR), H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

nwc_status nwc__h5_put_reals(hid_t group, const char *name, const double *values, int64_t n)
{
    const hsize_t count = (hsize_t)n;
    return put(group, name, H5Screate_simple(1, &count, NULL), H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
}

nwc_status nwc__h5_put_time(hid_t group, const char *date_name, const char *time_name, int64_t time_ns)
{
    char text[NWC__TIME_TEXT], digits[NWC__TIME_TEXT];
    nwc__time_text(time_ns, text);
    size_t n = 0;
    for (const char *c = text; *c; c++)
        if (*c >= '0' && *c <= '9') digits[n++] = *c;
    digits[n] = '\0';
    NWC__TRY(nwc__h5_put_text(group, time_name, digits + 8));
    digits[8] = '\0';
    return nwc__h5_put_text(group, date_name, digits);
}

hid_t nwc__h5_group(hid_t parent, const char *name)
{
    return H5Lexists(parent, name, H5P_DEFAULT) > 0 ? H5Gopen2(parent, name, H5P_DEFAULT)
                                                    : H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}
#endif
