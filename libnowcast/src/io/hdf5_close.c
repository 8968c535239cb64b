/*
 * HDF5 (to 1.14 at least) cannot let go of a file that it cannot finish: what the disk refused stays in its cache, closing fails, and
 * the process breaks down when it ends. So an array or a file is flushed first, and where that fails what HDF5 still wants to write goes to a
 * copy in memory, in place of the disk, until the file is closed; nobody sees that copy.
 */
#define _GNU_SOURCE
#include "io/hdf5_close.h"

#ifdef NWC__HAVE_NETCDF
#include "io/hdf5_put.h"
#include "io/netcdf_put.h"

#include <errno.h>
#include <fcntl.h>
#include <netcdf.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_FILES = 256, MOST_NAME = 4096, PIECE = 1 << 16 };

/* A file in memory with what is in the one at path; where there can be none, the one that takes everything. */
static int stand_in(const char *path)
{
#ifdef MFD_CLOEXEC
    const int copy = memfd_create("nowcast", MFD_CLOEXEC);
#else
    const int copy = -1;
#endif
    if (copy < 0) return open("/dev/null", O_RDWR | O_CLOEXEC);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    char piece[PIECE];
    for (ssize_t n = 1; file >= 0 && n > 0;) {
        n = read(file, piece, sizeof piece);
        if (n > 0) n = write(copy, piece, (size_t)n);
    }
    if (file >= 0) close(file);
    return copy;
}

/* The descriptor of what HDF5 has open at path, and how long it is going to be; -1 where nothing is. */
static int descriptor(const char *path, hsize_t *length)
{
    hid_t open_files[MOST_FILES];
    const ssize_t n = H5Fget_obj_ids(H5F_OBJ_ALL, H5F_OBJ_FILE, MOST_FILES, open_files);
    for (ssize_t f = 0; f < n; f++) {
        char name[MOST_NAME];
        void *handle = NULL;
        if (H5Fget_name(open_files[f], name, sizeof name) < 0 || strcmp(name, path) != 0) continue;
        if (H5Fget_vfd_handle(open_files[f], H5P_DEFAULT, &handle) < 0 || !handle) continue;
        return H5Fget_filesize(open_files[f], length) < 0 ? -1 : *(const int *)handle;
    }
    return -1;
}

/* Whether the disk has, from now on, room for all of the file at path. */
static bool has_room(const char *path)
{
    hsize_t length;
    const int file = descriptor(path, &length);
    if (file < 0) return true;
#ifdef FALLOC_FL_KEEP_SIZE
    if (fallocate(file, FALLOC_FL_KEEP_SIZE, 0, (off_t)length) != 0) return errno != ENOSPC && errno != EDQUOT;
#endif
    return true;
}

/* Take the disk away from what HDF5 has open at path. */
static void divert(const char *path)
{
    hsize_t length;
    const int file = descriptor(path, &length);
    const int other = file < 0 ? -1 : stand_in(path);
    if (other < 0) return;
    dup2(other, file);
    close(other);
}

nwc_status nwc__h5_close_array(hid_t array, nwc_status status)
{
    char path[MOST_NAME];
    const bool flushed = H5Dflush(array) >= 0;
    if (!flushed && H5Fget_name(array, path, sizeof path) >= 0) divert(path);
    const bool closed = H5Dclose(array) >= 0;
    return status != NWC_OK || (flushed && closed) ? status : nwc__h5_failed("all cells");
}

nwc_status nwc__h5_close(hid_t file, const char *path, nwc_status status)
{
    const bool flushed = has_room(path) && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0;
    if (!flushed) divert(path);
    const bool closed = H5Fclose(file) >= 0;
    return status != NWC_OK || (flushed && closed) ? status : nwc__h5_failed("the end of the file");
}

nwc_status nwc__nc_close(int file, const char *path, nwc_status status)
{
    const struct nwc__h5_quiet before = nwc__h5_be_quiet();
    const int refused = has_room(path) ? nc_sync(file) : ENOSPC;
    if (refused) divert(path);
    const int error = nc_close(file);
    nwc__h5_be_as(before);
    if (status != NWC_OK || (!refused && !error)) return status;
    return nwc__nc_failed(refused ? refused : error, "the end of the file");
}
#endif
