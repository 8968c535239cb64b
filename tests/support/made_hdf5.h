/* HDF5 files of radar formats, made by the HDF5 library. */
#ifndef NWC_TEST_MADE_HDF5_H
#define NWC_TEST_MADE_HDF5_H

#include <hdf5.h>
#include <stdbool.h>

hid_t put_group(hid_t parent, const char *name);

/* An attribute of fixed or variable length. */
void put_text(hid_t object, const char *name, const char *text, bool variable);

/* An attribute of one number: double, or an array of one float. */
void put_number(hid_t object, const char *name, double number);
void put_float(hid_t object, const char *name, float number);

#endif
