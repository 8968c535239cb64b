/*
 * Where the files of ecCodes and PROJ are, for programs that carry their own: told to the two libraries, which keep it. Else they look
 * where they were built to, or where the environment says.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/internal.h"

#include <errno.h>
#include <proj.h>
#include <stdio.h>
#include <unistd.h>
#ifdef NWC__HAVE_ECCODES
#include <eccodes.h>
#endif

enum { PATH = 4096 };

/* The name of what is in the folder, which must be there. */
static nwc_status inside(const char *folder, const char *name, char *path)
{
    if (snprintf(path, PATH, "%s/%s", folder, name) >= PATH)
        return nwc__fail(NWC_ERR_ARG, "folder: a path of less than %d bytes expected, a longer one given", PATH);
    if (access(path, R_OK) != 0) return nwc__fail(NWC_ERR_IO, "%s: not to be read: %s", path, strerror(errno));
    return NWC_OK;
}

nwc_status nwc_io_data_folder(const char *folder)
{
    if (!folder) return nwc__fail(NWC_ERR_ARG, "folder: a path expected, NULL given");
    char path[PATH];
    NWC__TRY(inside(folder, "proj/proj.db", path));
#ifdef NWC__HAVE_ECCODES
    NWC__TRY(inside(folder, "samples/GRIB2.tmpl", path));
    NWC__TRY(inside(folder, "definitions/boot.def", path));
    nwc__io_lock();
    snprintf(path, PATH, "%s/definitions", folder);
    codes_context_set_definitions_path(NULL, path);
    snprintf(path, PATH, "%s/samples", folder);
    codes_context_set_samples_path(NULL, path);
    nwc__io_unlock();
#endif
    snprintf(path, PATH, "%s/proj", folder);
    const char *const only = path;
    proj_context_set_search_paths(NULL, 1, &only); /* of the default context, which those made later copy */
    return NWC_OK;
}
