/* Radar volumes written to files, in the format asked for or that their names end in. */
#include "io/volume_write.h"

static const struct format {
    const char *name, *ending[2];
    nwc__volume_write_fn *write;
} formats[] = {
#ifdef NWC__HAVE_NETCDF
    {"FM 301", {".nc", ".nc4"}, nwc__fm301_write},
#endif
    {NULL, {NULL, NULL}, NULL},
};

static const struct format *find(const char *path, const char *name)
{
    const char *const last = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *const ending = strrchr(last, '.');
    for (const struct format *f = formats; f->name; f++) {
        if (name && strcmp(name, f->name) == 0) return f;
        for (int e = 0; e < 2 && !name && ending && f->ending[e]; e++)
            if (strcmp(ending, f->ending[e]) == 0) return f;
    }
    return NULL;
}

nwc_status nwc_volume_write(nwc_ctx *ctx, const nwc_volume *volume, const char *path, const char *format)
{
    ctx = nwc__ctx(ctx);
    nwc_volume_facts facts;
    if (!path || !path[0]) return nwc__fail(NWC_ERR_ARG, "path: a path expected, none given");
    NWC__TRY(nwc_volume_describe(volume, &facts));
    if (facts.n_sweeps < 1) return nwc__fail(NWC_ERR_ARG, "%s: at least one sweep expected, none added", path);
    const struct format *const found = find(path, format);
    if (!found)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "%s: a name ending in .nc, or a format this build writes, expected%s%s",
                         path, format ? "; asked for " : "", format ? format : "");
    char *beside = NULL;
    NWC__TRY(nwc__beside(ctx, path, &beside));
    nwc__io_lock();
    nwc_status status = found->write(ctx, volume, beside);
    nwc__io_unlock();
    status = status == NWC_OK ? nwc__take_place(ctx, path, &beside) : nwc__fail_within(status, path);
    nwc__give_up(ctx, &beside);
    return status;
}
