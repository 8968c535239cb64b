/* Files of model fields opened by what they contain. */
#include "io/model_source.h"

static bool is_netcdf(const struct nwc__bytes *bytes)
{
    return (bytes->size >= 4 && memcmp(bytes->data, "CDF", 3) == 0) ||
           (bytes->size >= 8 && memcmp(bytes->data, "\x89HDF\r\n\x1a\n", 8) == 0);
}

static nwc_status check_options(const nwc_model_options *options)
{
    if (options->max_bytes < 1)
        return nwc__fail(NWC_ERR_ARG, "max_bytes: at least 1 expected, %lld given", (long long)options->max_bytes);
    if (options->winds < -1 || options->winds > 1)
        return nwc__fail(NWC_ERR_ARG, "winds: -1, 0 or 1 expected, %d given", (int)options->winds);
    if (options->n_names < 0 || options->n_names > NWC_MODEL_MOST_NAMES)
        return nwc__fail(NWC_ERR_ARG, "n_names: 0 to %d expected, %d given", NWC_MODEL_MOST_NAMES,
                         (int)options->n_names);
    for (int32_t n = 0; n < options->n_names; n++) {
        const nwc_model_name *const name = options->names ? &options->names[n] : NULL;
        if (!name || !name->file_name || !name->name || !name->name[0])
            return nwc__fail(NWC_ERR_ARG, "names[%d]: a name of the file and one to give expected", (int)n);
        if (!isfinite(name->scale) || name->scale == 0.0 || !isfinite(name->offset))
            return nwc__fail(NWC_ERR_ARG, "names[%d]: a scale that is not 0 and an offset expected, %g and %g given",
                             (int)n, name->scale, name->offset);
        if (name->stagger < NWC_STAGGER_BY_NAME || name->stagger > NWC_STAGGER_Z)
            return nwc__fail(NWC_ERR_ARG, "names[%d]: an nwc_model_stagger expected, %d given", (int)n,
                             (int)name->stagger);
    }
    return NWC_OK;
}

static nwc_status open_one(nwc_model *model, const char *path, int32_t file, const nwc_model_options *options)
{
    struct nwc__bytes bytes;
    bool cut;
    nwc_status status = nwc__bytes_read_partly(nwc__model_memory(model), path, options->max_bytes, &bytes, &cut);
    if (status == NWC_OK && cut) nwc__model_set_incomplete(model, "the packed file is damaged, or ends early");
    if (status == NWC_OK) status = (is_netcdf(&bytes) ? nwc__wrf_model : nwc__grib_model)(model, bytes, file, options);
    return status == NWC_OK ? NWC_OK : nwc__fail_within(status, path);
}

static nwc_status model_open(nwc_ctx *ctx, const char *const *paths, int32_t n_paths, const nwc_model_options *given,
                             nwc_model **model)
{
    ctx = nwc__ctx(ctx);
    if (!model) return nwc__fail(NWC_ERR_ARG, "model: a place for the model expected, NULL given");
    *model = NULL;
    if (!paths || n_paths < 1) return nwc__fail(NWC_ERR_ARG, "paths: at least one path expected, none given");
    for (int32_t p = 0; p < n_paths; p++)
        if (!paths[p]) return nwc__fail(NWC_ERR_ARG, "paths[%d]: a path expected, NULL given", (int)p);
    nwc_model_options options;
    nwc_model_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));
    nwc_model *made = NULL;
    nwc_status status = nwc__model_create(ctx, &made);
    for (int32_t p = 0; status == NWC_OK && p < n_paths; p++) status = open_one(made, paths[p], p, &options);
    if (status == NWC_OK && nwc_model_count(made) == 0) status = nwc__fail(NWC_ERR_NODATA, "no field in the files");
    if (status == NWC_OK)
        *model = made;
    else
        nwc_model_destroy(made);
    return status;
}

nwc_status nwc_model_open(nwc_ctx *ctx, const char *const *paths, int32_t n_paths, const nwc_model_options *given,
                          nwc_model **model)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = model_open(ctx, paths, n_paths, given, model);
    nwc__numbers_end(numbers);
    return status;
}
