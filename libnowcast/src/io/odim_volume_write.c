/*
 * A volume as ODIM_H5 (model 2.4; Michelson et al. 2021): object PVOL, or SCAN for one sweep, by the HDF5 library. Every sweep is a
 * dataset, every moment of it a data group.
 *
 * Rows are in the order of azimuths, as the model asks, and each says its angles and its time, so that nothing of the order
 * of acquisition is lost. Moments whose values lie on a step are codes of it, of 8 or 16 bits; others are floats. A moment of
 * other gates than the first of its sweep has a group where of its own.
 */
#include "core/median.h"
#include "io/hdf5_close.h"
#include "io/hdf5_put.h"
#include "io/volume_write.h"
#include "radar/format/volume_format.h"

#ifdef NWC__HAVE_NETCDF
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFLATE = 6, MOST_RAYS = 8000 /* more do not fit into an attribute */ };

#define LIGHT_M_S 299792458.0

static const double float_nodata = -9999000.0, float_undetect = -8888000.0;

struct job {
    nwc_ctx *ctx;
    const nwc_volume *volume;
    nwc_volume_facts facts;
    hid_t file;
    nwc_sweep sweep; /* the one being written */
    int32_t index;
    int64_t *ray; /* of its rows: the ray each is */
    double *row;  /* scratch: a number for each row */
    float *gap;   /* scratch */
    void *cells;  /* scratch: codes or floats of a moment */
};

/* A row and what it is sorted by. */
struct place {
    int64_t ray;
    float azimuth;
};

static int by_azimuth(const void *a, const void *b)
{
    const struct place *const x = a, *const y = b;
    if (x->azimuth != y->azimuth) return x->azimuth < y->azimuth ? -1 : 1;
    return (x->ray > y->ray) - (x->ray < y->ray);
}

static nwc_status order_rays(struct job *job)
{
    nwc_status status = NWC_OK;
    const int64_t n = job->sweep.n_rays;
    struct place *place;
    NWC__ALLOC(job->ctx, place, n);
    for (int64_t r = 0; r < n; r++) place[r] = (struct place){.ray = r, .azimuth = job->sweep.azimuth_deg[r]};
    qsort(place, (size_t)n, sizeof *place, by_azimuth);
    for (int64_t r = 0; r < n; r++) job->ray[r] = place[r].ray;
done:
    nwc__free(job->ctx, place);
    return status;
}

/* ---- the whole ---- */

/* The key that a site's name is of in source. */
static const char *key_of(const char *site)
{
    size_t digits = 0, letters = 0;
    const size_t n = strlen(site);
    for (size_t k = 0; k < n; k++)
        digits += isdigit((unsigned char)site[k]) != 0, letters += islower((unsigned char)site[k]) != 0;
    if (n == 5 && letters == 5) return "NOD";
    if (n == 5 && digits == 5) return "WMO";
    return n > 5 && isdigit((unsigned char)site[0]) && strchr(site, '-') ? "WIGOS" : "RAD";
}

/* "NOD:behel,PLC:Helchteren"; what would end a part is a blank. */
static void write_source(const nwc_volume_facts *facts, char source[NWC__TEXT])
{
    const char *const texts[2] = {facts->site, facts->site_name}, *const keys[2] = {key_of(facts->site), "PLC"};
    int n = 0;
    for (int t = 0; t < 2; t++) {
        if (!texts[t][0]) continue;
        const int begin = n + snprintf(source + n, (size_t)(NWC__TEXT - n), "%s%s:", n ? "," : "", keys[t]);
        n = begin + snprintf(source + begin, (size_t)(NWC__TEXT - begin), "%.200s", texts[t]);
        for (int k = begin; k < n; k++)
            if (source[k] == ',' || source[k] == ';') source[k] = ' ';
    }
    if (!n) snprintf(source, NWC__TEXT, "CMT:unknown");
}

static nwc_status put_if_known(hid_t group, const char *name, double value)
{
    return isfinite(value) ? nwc__h5_put_real(group, name, value) : NWC_OK;
}

static nwc_status put_how(const struct job *job, hid_t how)
{
    const nwc_volume_facts *const facts = &job->facts;
    NWC__TRY(nwc__h5_put_text(how, "software", "libnowcast"));
    NWC__TRY(nwc__h5_put_text(how, "sw_version", nwc_version()));
    NWC__TRY(nwc__h5_put_whole(how, "scan_count", facts->n_sweeps));
    if (facts->scan_name[0]) NWC__TRY(nwc__h5_put_text(how, "task", facts->scan_name));
    if (facts->instrument[0]) NWC__TRY(nwc__h5_put_text(how, "system", facts->instrument));
    if (facts->incomplete[0]) NWC__TRY(nwc__h5_put_text(how, "incomplete", facts->incomplete));
    NWC__TRY(put_if_known(how, "frequency", facts->frequency_hz));
    NWC__TRY(put_if_known(how, "wavelength", 100.0 * LIGHT_M_S / facts->frequency_hz));
    NWC__TRY(put_if_known(how, "beamwidth", facts->beam_width_h_deg));
    NWC__TRY(put_if_known(how, "beamwH", facts->beam_width_h_deg));
    return put_if_known(how, "beamwV", facts->beam_width_v_deg);
}

static nwc_status put_what(const struct job *job, hid_t what)
{
    char source[NWC__TEXT];
    write_source(&job->facts, source);
    NWC__TRY(nwc__h5_put_text(what, "object", job->facts.n_sweeps > 1 ? "PVOL" : "SCAN"));
    NWC__TRY(nwc__h5_put_text(what, "version", "H5rad 2.4"));
    NWC__TRY(nwc__h5_put_text(what, "source", source));
    return nwc__h5_put_time(what, "date", "time", job->facts.time_ns);
}

static nwc_status put_where(const struct job *job, hid_t where)
{
    NWC__TRY(put_if_known(where, "lat", job->facts.latitude_deg));
    NWC__TRY(put_if_known(where, "lon", job->facts.longitude_deg));
    return put_if_known(where, "height", job->facts.altitude_m);
}

/* Fill a group with what put has to say. */
static nwc_status in_group(const struct job *job, hid_t parent, const char *name,
                           nwc_status (*put)(const struct job *job, hid_t group))
{
    const hid_t group = nwc__h5_group(parent, name);
    if (group < 0) return nwc__h5_failed(name);
    const nwc_status status = put(job, group);
    H5Gclose(group);
    return status;
}

/* ---- a sweep ---- */

static nwc_status put_interval(const struct job *job, hid_t what)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (int64_t r = 0; r < job->sweep.n_rays; r++) {
        first = job->sweep.time_ns[r] < first ? job->sweep.time_ns[r] : first;
        last = job->sweep.time_ns[r] > last ? job->sweep.time_ns[r] : last;
    }
    NWC__TRY(nwc__h5_put_text(what, "product", "SCAN"));
    NWC__TRY(nwc__h5_put_time(what, "startdate", "starttime", first));
    return nwc__h5_put_time(what, "enddate", "endtime", last + 999999999);
}

static nwc_status put_gates(hid_t where, const nwc_moment *moment)
{
    NWC__TRY(nwc__h5_put_whole(where, "nbins", moment->field.dim[1]));
    NWC__TRY(nwc__h5_put_real(where, "rscale", moment->gate_spacing_m));
    return nwc__h5_put_real(where, "rstart", moment->first_gate_m - 0.5 * moment->gate_spacing_m);
}

static nwc_status put_geometry(const struct job *job, hid_t where)
{
    nwc_moment moment;
    int64_t first = 0;
    while (job->ray[first] != 0) first++; /* rays are in the order in which they were radiated */
    NWC__TRY(nwc_volume_moment(job->volume, job->index, 0, &moment));
    NWC__TRY(put_gates(where, &moment));
    NWC__TRY(nwc__h5_put_real(where, "elangle", job->sweep.fixed_angle_deg));
    NWC__TRY(nwc__h5_put_whole(where, "nrays", job->sweep.n_rays));
    return nwc__h5_put_whole(where, "a1gate", first);
}

/* Half of the usual angle from row to row. */
static double half_width(const struct job *job)
{
    const int64_t n = job->sweep.n_rays;
    if (n < 2) return 0.5;
    for (int64_t row = 0; row < n; row++) {
        const float next = job->sweep.azimuth_deg[job->ray[(row + 1) % n]];
        job->gap[row] = next - job->sweep.azimuth_deg[job->ray[row]] + (row == n - 1 ? 360.0f : 0.0f);
    }
    return 0.5 * fmin(nwc__median(job->gap, n), 90.0);
}

/* Half of the time from ray to ray, in s. */
static double half_dwell(const nwc_sweep *sweep)
{
    if (sweep->n_rays < 2) return 0.0;
    const double whole = 1e-9 * (double)(sweep->time_ns[sweep->n_rays - 1] - sweep->time_ns[0]);
    return whole > 0.0 ? 0.5 * whole / (double)(sweep->n_rays - 1) : 0.0;
}

static nwc_status put_rays(const struct job *job, hid_t how)
{
    static const char *const azimuths[2] = {"startazA", "stopazA"}, *const times[2] = {"startazT", "stopazT"};
    const nwc_sweep *const sweep = &job->sweep;
    const int64_t n = sweep->n_rays;
    const double width = half_width(job), dwell = half_dwell(sweep);
    for (int end = 0; end < 2; end++) {
        const double side = end ? 1.0 : -1.0;
        for (int64_t row = 0; row < n; row++) {
            const double azimuth = (double)sweep->azimuth_deg[job->ray[row]] + side * width;
            job->row[row] = azimuth - 360.0 * floor(azimuth / 360.0);
        }
        NWC__TRY(nwc__h5_put_reals(how, azimuths[end], job->row, n));
        for (int64_t row = 0; row < n; row++)
            job->row[row] = 1e-9 * (double)sweep->time_ns[job->ray[row]] + side * dwell;
        NWC__TRY(nwc__h5_put_reals(how, times[end], job->row, n));
    }
    for (int64_t row = 0; row < n; row++) job->row[row] = (double)sweep->elevation_deg[job->ray[row]];
    return nwc__h5_put_reals(how, "elangles", job->row, n);
}

static nwc_status put_sweep_how(const struct job *job, hid_t how)
{
    const nwc_sweep *const sweep = &job->sweep;
    const double range_m =
        (double)nwc__one_of_rays(job->ctx, job->index, sweep->unambiguous_range_m, sweep->n_rays, "unambiguous ranges");
    const float speed = nwc__one_of_rays(job->ctx, job->index, sweep->nyquist_m_s, sweep->n_rays, "Nyquist speeds");
    NWC__TRY(nwc__h5_put_whole(how, "scan_index", job->index + 1));
    NWC__TRY(put_if_known(how, "NI", (double)speed));
    NWC__TRY(put_if_known(how, "highprf", 0.5 * LIGHT_M_S / range_m));
    if (sweep->incomplete[0]) NWC__TRY(nwc__h5_put_text(how, "incomplete", sweep->incomplete));
    return put_rays(job, how);
}

/* ---- a moment ---- */

static const char *quantity_of(const char *name)
{
    return strcmp(name, "DBTH") == 0 ? "TH" : strcmp(name, "DBTV") == 0 ? "TV" : name;
}

static void fill_floats(const struct job *job, const nwc_moment *moment, float *cells)
{
    const bool reflectivity = strcmp(moment->field.units, "dBZ") == 0;
    const int64_t n = moment->field.dim[1];
    for (int64_t row = 0; row < job->sweep.n_rays; row++) {
        const float *const ray = moment->field.data + job->ray[row] * moment->field.stride[0];
        for (int64_t g = 0; g < n; g++) {
            const float value = ray[g * moment->field.stride[1]];
            const bool nothing = reflectivity && value == (float)NWC_NOTHING_DBZ;
            cells[row * n + g] = (float)(isfinite(value) ? nothing ? float_undetect : (double)value : float_nodata);
        }
    }
}

/* How the array of a moment is to be read; as nothing but codes and floats are written, gain is a step or 1. */
struct scaling {
    double gain, offset, nodata, undetect;
};

static nwc_status put_scaling(hid_t data, const nwc_moment *moment, const struct scaling *scaling)
{
    const hid_t what = nwc__h5_group(data, "what");
    if (what < 0) return nwc__h5_failed("what");
    nwc_status status = nwc__h5_put_text(what, "quantity", quantity_of(moment->name));
    if (status == NWC_OK) status = nwc__h5_put_real(what, "gain", scaling->gain);
    if (status == NWC_OK) status = nwc__h5_put_real(what, "offset", scaling->offset);
    if (status == NWC_OK) status = nwc__h5_put_real(what, "nodata", scaling->nodata);
    if (status == NWC_OK) status = nwc__h5_put_real(what, "undetect", scaling->undetect);
    H5Gclose(what);
    return status;
}

static nwc_status put_array(const struct job *job, hid_t data, int64_t n_gates, hid_t stored, hid_t given)
{
    const hsize_t dim[2] = {(hsize_t)job->sweep.n_rays, (hsize_t)n_gates};
    const hid_t space = H5Screate_simple(2, dim, NULL), layout = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(layout, 2, dim);
    H5Pset_shuffle(layout);
    H5Pset_deflate(layout, DEFLATE);
    const hid_t array = H5Dcreate2(data, "data", stored, space, H5P_DEFAULT, layout, H5P_DEFAULT);
    nwc_status status = NWC_OK;
    if (array < 0 || H5Dwrite(array, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, job->cells) < 0)
        status = nwc__h5_failed("data");
    if (status == NWC_OK) status = nwc__h5_put_text(array, "CLASS", "IMAGE");
    if (status == NWC_OK) status = nwc__h5_put_text(array, "IMAGE_VERSION", "1.2");
    if (array >= 0) status = nwc__h5_close_array(array, status);
    H5Pclose(layout);
    H5Sclose(space);
    return status;
}

/* The codes of a moment, in native 16 bits or 8, or its floats. */
static nwc_status put_cells(const struct job *job, hid_t data, const nwc_moment *moment)
{
    const int64_t n = moment->field.dim[1];
    struct nwc__coding coding;
    nwc__choose_steps(moment, &coding);
    if (!coding.bits) {
        const struct scaling scaling = {1.0, 0.0, float_nodata, float_undetect};
        fill_floats(job, moment, job->cells);
        NWC__TRY(put_scaling(data, moment, &scaling));
        return put_array(job, data, n, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT);
    }
    const bool wide = coding.bits == 16;
    const struct nwc__no_value no_value = {0, wide ? 65535 : 255, wide ? 65535 : 255};
    const double gain = moment->resolution > 0.0 ? moment->resolution : 1.0;
    const struct scaling scaling = {gain, -coding.offset * gain, no_value.unknown, no_value.nothing};
    uint8_t *const to = job->cells;
    for (int64_t row = 0; row < job->sweep.n_rays; row++)
        nwc__encode_ray(moment, job->ray[row], n, &coding, &no_value, false, to + row * n * coding.bits / 8);
    NWC__TRY(put_scaling(data, moment, &scaling));
    return put_array(job, data, n, wide ? H5T_STD_U16LE : H5T_STD_U8LE, wide ? H5T_STD_U16LE : H5T_STD_U8LE);
}

static nwc_status put_own(const struct job *job, hid_t data, const nwc_moment *moment)
{
    nwc_moment first;
    nwc_status status = NWC_OK;
    NWC__TRY(nwc_volume_moment(job->volume, job->index, 0, &first));
    if (first.first_gate_m != moment->first_gate_m || first.gate_spacing_m != moment->gate_spacing_m ||
        first.field.dim[1] != moment->field.dim[1]) {
        const hid_t where = nwc__h5_group(data, "where");
        status = where < 0 ? nwc__h5_failed("where") : put_gates(where, moment);
        if (where >= 0) H5Gclose(where);
    }
    if (status != NWC_OK || nwc__moment_named(moment->name)) return status;
    const hid_t how = nwc__h5_group(data, "how"); /* the model has no unit for what it does not know */
    status = how < 0 ? nwc__h5_failed("how") : nwc__h5_put_text(how, "units", moment->field.units);
    if (how >= 0) H5Gclose(how);
    return status;
}

static nwc_status put_moment(struct job *job, hid_t dataset, int32_t index)
{
    nwc_moment moment;
    char name[32];
    snprintf(name, sizeof name, "data%d", (int)index + 1);
    NWC__TRY(nwc_volume_moment(job->volume, job->index, index, &moment));
    if (!(job->cells = nwc__alloc(job->ctx, job->sweep.n_rays * moment.field.dim[1], sizeof(float))))
        return NWC_ERR_NOMEM;
    const hid_t data = nwc__h5_group(dataset, name);
    nwc_status status = data < 0 ? nwc__h5_failed(name) : put_own(job, data, &moment);
    if (status == NWC_OK) status = put_cells(job, data, &moment);
    if (data >= 0) H5Gclose(data);
    nwc__free(job->ctx, job->cells);
    return status;
}

/* ---- */

static nwc_status check(const struct job *job)
{
    nwc_sweep sweep;
    for (int32_t s = 0; s < job->facts.n_sweeps; s++) {
        NWC__TRY(nwc_volume_sweep(job->volume, s, &sweep));
        if (!sweep.n_moments)
            return nwc__fail(NWC_ERR_ARG, "sweep %d: at least one moment expected, none there", (int)s);
        if (sweep.mode != NWC_SWEEP_SURVEILLANCE && sweep.mode != NWC_SWEEP_VERTICAL_POINTING)
            return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: ODIM_H5 volumes have turns all around only", (int)s);
        if (!isfinite(sweep.fixed_angle_deg))
            return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: a fixed angle expected for ODIM_H5", (int)s);
        if (sweep.n_rays > MOST_RAYS)
            return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: at most %d rays expected for ODIM_H5", (int)s, MOST_RAYS);
    }
    return NWC_OK;
}

static nwc_status put_sweep(struct job *job, int32_t index)
{
    nwc_status status = NWC_OK;
    hid_t dataset = -1;
    char name[32];
    snprintf(name, sizeof name, "dataset%d", (int)index + 1);
    job->index = index;
    NWC__TRY(nwc_volume_sweep(job->volume, index, &job->sweep));
    NWC__ALLOC(job->ctx, job->ray, job->sweep.n_rays);
    NWC__ALLOC(job->ctx, job->row, job->sweep.n_rays);
    NWC__ALLOC(job->ctx, job->gap, job->sweep.n_rays);
    if ((status = order_rays(job)) != NWC_OK) goto done;
    dataset = nwc__h5_group(job->file, name);
    status = dataset < 0 ? nwc__h5_failed(name) : in_group(job, dataset, "what", put_interval);
    if (status == NWC_OK) status = in_group(job, dataset, "where", put_geometry);
    if (status == NWC_OK) status = in_group(job, dataset, "how", put_sweep_how);
    for (int32_t m = 0; m < job->sweep.n_moments && status == NWC_OK; m++) status = put_moment(job, dataset, m);
done:
    if (dataset >= 0) H5Gclose(dataset);
    nwc__free(job->ctx, job->gap);
    nwc__free(job->ctx, job->row);
    nwc__free(job->ctx, job->ray);
    job->gap = NULL, job->row = NULL, job->ray = NULL;
    return status;
}

static nwc_status put_file(struct job *job, const char *path)
{
    job->file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (job->file < 0) return nwc__h5_failed("a file");
    nwc_status status = nwc__h5_put_text(job->file, "Conventions", "ODIM_H5/V2_4");
    if (status == NWC_OK) status = in_group(job, job->file, "what", put_what);
    if (status == NWC_OK) status = in_group(job, job->file, "where", put_where);
    if (status == NWC_OK) status = in_group(job, job->file, "how", put_how);
    for (int32_t s = 0; s < job->facts.n_sweeps && status == NWC_OK; s++) status = put_sweep(job, s);
    return nwc__h5_close(job->file, path, status);
}

nwc_status nwc__odim_volume_write(nwc_ctx *ctx, const nwc_volume *volume, const char *path)
{
    struct job job = {.ctx = ctx, .volume = volume};
    NWC__TRY(nwc_volume_describe(volume, &job.facts));
    NWC__TRY(check(&job));
    const struct nwc__h5_quiet before = nwc__h5_be_quiet();
    const nwc_status status = put_file(&job, path);
    nwc__h5_be_as(before);
    return status;
}
#endif
