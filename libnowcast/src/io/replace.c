/* Files that appear whole or not at all: written under a name of their own, which gives way to the final one at the end. */
#define _POSIX_C_SOURCE 200809L
#include "io/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MOST_TRIES = 10000 };

nwc_status nwc__beside(nwc_ctx *memory, const char *path, char **beside)
{
    const size_t size = strlen(path) + 48;
    char *const name = nwc__alloc(memory, (int64_t)size, 1);
    if (!name) return NWC_ERR_NOMEM;
    const char *const slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash + 1 - path) : 0;
    int file = -1;
    for (int n = 0; file < 0 && n < MOST_TRIES; n++) {
        snprintf(name, size, "%.*s.%s.%ld-%d", folder, path, path + folder, (long)getpid(), n);
        file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (file < 0 && errno != EEXIST) break;
    }
    if (file < 0) {
        const nwc_status status = nwc__fail(NWC_ERR_IO, "%s: %s", path, strerror(errno));
        nwc__free(memory, name);
        return status;
    }
    close(file);
    *beside = name;
    return NWC_OK;
}

/* Wait until the system has stored a file or a folder. */
static bool store(const char *path)
{
    const int file = open(path, O_RDONLY);
    if (file < 0) return false;
    const bool stored = fsync(file) == 0;
    close(file);
    return stored;
}

static nwc_status store_folder(nwc_ctx *memory, const char *path)
{
    char *const folder = nwc__copy_text(memory, path);
    if (!folder) return NWC_ERR_NOMEM;
    char *const slash = strrchr(folder, '/');
    if (slash) slash[1] = '\0';
    const bool stored = store(slash ? folder : ".") || errno == EINVAL; /* some file systems cannot */
    nwc__free(memory, folder);
    return stored ? NWC_OK : nwc__fail(NWC_ERR_IO, "%s: its folder cannot be stored: %s", path, strerror(errno));
}

nwc_status nwc__take_place(nwc_ctx *memory, const char *path, char **beside)
{
    if (!store(*beside) || rename(*beside, path) != 0) return nwc__fail(NWC_ERR_IO, "%s: %s", path, strerror(errno));
    nwc__free(memory, *beside);
    *beside = NULL;
    return store_folder(memory, path);
}

nwc_status nwc__fail_writing(nwc_status status, const char *path, const char *beside)
{
    enum { LITTLE = 1 << 20 };
    struct statvfs disk;
    nwc__fail_within(status, path);
    if (status != NWC_ERR_IO || !beside || statvfs(beside, &disk) != 0) return status;
    const unsigned long long left = (unsigned long long)disk.f_bavail * disk.f_frsize;
    return left < LITTLE ? nwc__fail(status, "%s (%llu kB left on its disk)", nwc_error_text(), left / 1024) : status;
}

void nwc__give_up(nwc_ctx *memory, char **beside)
{
    if (!*beside) return;
    unlink(*beside);
    nwc__free(memory, *beside);
    *beside = NULL;
}

nwc_status nwc__write_bytes(nwc_ctx *memory, const char *path, const uint8_t *bytes, int64_t size)
{
    char *beside = NULL;
    NWC__TRY(nwc__beside(memory, path, &beside));
    nwc_status status = NWC_OK;
    FILE *const file = fopen(beside, "wb");
    const bool written = file && fwrite(bytes, 1, (size_t)size, file) == (size_t)size;
    if ((file && fclose(file) != 0) || !written) status = nwc__fail(NWC_ERR_IO, "%s: %s", path, strerror(errno));
    if (status == NWC_OK) status = nwc__take_place(memory, path, &beside);
    nwc__give_up(memory, &beside);
    return status;
}
