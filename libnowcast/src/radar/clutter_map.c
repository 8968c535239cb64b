/*
 * Where the ground gives echoes: for each low elevation, in cells of 1 degree and 500 m, how many volumes looked, how many
 * had an echo, and its mean. Weather comes and goes, the ground stays: what has an echo in most dry volumes is ground.
 *
 * As bytes (little-endian): "NWCLUT01", float least_dbz, int32 n_volumes, int32 n_elevations, and for each of them a float
 * angle and three floats for each cell: looked, echoes, sum of dBZ.
 */
#include "radar/quality.h"

enum { AZIMUTHS = 360, RANGES = 600, CELLS = AZIMUTHS * RANGES, MOST_ELEVATIONS = 32, FEWEST = 3, HEAD = 20 };
static const double CELL_M = 500.0, SAME_DEG = 0.2, LOW_DEG = 5.0;
static const char MAGIC[] = "NWCLUT01";

struct layer {
    float angle_deg;
    float *looked, *echoes, *sum; /* what is kept; one block */
    float *often, *mean;          /* what follows from it */
};

struct nwc_clutter_map {
    struct nwc_ctx memory; /* allocator only */
    float least_dbz;
    int32_t n_volumes, n_layers;
    struct layer layers[MOST_ELEVATIONS];
};

nwc_status nwc_clutter_map_create(nwc_ctx *ctx, double least_dbz, nwc_clutter_map **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "map: a place for the map expected, NULL given");
    *made = NULL;
    if (!(least_dbz > NWC_NOTHING_DBZ && least_dbz < 100.0))
        return nwc__fail(NWC_ERR_ARG, "least_dbz: a reflectivity expected, %g given", least_dbz);
    nwc_clutter_map *const map = nwc__alloc(ctx, 1, sizeof *map);
    if (!map) return NWC_ERR_NOMEM;
    *map = (nwc_clutter_map){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                             .least_dbz = (float)least_dbz};
    *made = map;
    return NWC_OK;
}

void nwc_clutter_map_destroy(nwc_clutter_map *map)
{
    if (!map) return;
    struct nwc_ctx memory = map->memory;
    for (int32_t k = map->n_layers - 1; k >= 0; k--) nwc__free(&memory, map->layers[k].looked);
    nwc__free(&memory, map);
}

static void conclude(struct layer *layer)
{
    for (int64_t c = 0; c < CELLS; c++) {
        layer->often[c] = layer->looked[c] >= (float)FEWEST ? layer->echoes[c] / layer->looked[c] : NAN;
        layer->mean[c] = layer->echoes[c] > 0.0f ? layer->sum[c] / layer->echoes[c] : NAN;
    }
}

static nwc_status add_layer(nwc_clutter_map *map, float angle_deg, struct layer **made)
{
    if (map->n_layers == MOST_ELEVATIONS)
        return nwc__fail(NWC_ERR_ARG, "map: at most %d elevations expected, more came", MOST_ELEVATIONS);
    float *const cells = nwc__alloc(&map->memory, 5 * (int64_t)CELLS, sizeof *cells);
    if (!cells) return NWC_ERR_NOMEM;
    memset(cells, 0, 5 * (size_t)CELLS * sizeof *cells);
    *made = &map->layers[map->n_layers++];
    **made = (struct layer){angle_deg, cells, cells + CELLS, cells + 2 * CELLS, cells + 3 * CELLS, cells + 4 * CELLS};
    return NWC_OK;
}

static struct layer *find_layer(nwc_clutter_map *map, double angle_deg)
{
    struct layer *best = NULL;
    for (int32_t k = 0; k < map->n_layers; k++) {
        const double apart = fabs((double)map->layers[k].angle_deg - angle_deg);
        if (apart <= SAME_DEG && (!best || apart < fabs((double)best->angle_deg - angle_deg))) best = &map->layers[k];
    }
    return best;
}

/* The strongest of the gates in a cell, or the one that holds its middle. */
static float strongest(const nwc_moment *dbz, int64_t ray, int32_t range)
{
    const int64_t n = dbz->field.dim[1];
    const double spacing = dbz->gate_spacing_m, middle = ((double)range + 0.5) * CELL_M;
    const double half = fmax(CELL_M - spacing, 0.0) / 2.0;
    const int64_t from = (int64_t)floor((middle - half - dbz->first_gate_m) / spacing + 0.5);
    const int64_t to = (int64_t)floor((middle + half - dbz->first_gate_m) / spacing + 0.5);
    float most = NAN;
    for (int64_t g = from < 0 ? 0 : from; g <= to && g < n; g++) most = fmaxf(most, dbz->field.data[ray * n + g]);
    return most;
}

static void look(struct layer *layer, const nwc_sweep *sweep, const nwc_moment *dbz, float least_dbz)
{
    float middle[AZIMUTHS];
    int32_t nearest[AZIMUTHS];
    for (int32_t a = 0; a < AZIMUTHS; a++) middle[a] = (float)a + 0.5f;
    const nwc_sweep cells = {.mode = sweep->mode, .n_rays = AZIMUTHS, .azimuth_deg = middle};
    nwc__nearest_rays(sweep, &cells, 1.0, nearest);
    for (int32_t a = 0; a < AZIMUTHS; a++) {
        if (nearest[a] < 0) continue;
        for (int32_t r = 0; r < RANGES; r++) {
            const float dbz_here = strongest(dbz, nearest[a], r);
            const bool echo = dbz_here >= least_dbz;
            const int64_t c = (int64_t)a * RANGES + r;
            layer->looked[c] += isnan(dbz_here) ? 0.0f : 1.0f;
            layer->echoes[c] += echo ? 1.0f : 0.0f;
            layer->sum[c] += echo ? dbz_here : 0.0f;
        }
    }
    conclude(layer);
}

nwc_status nwc_clutter_map_add(nwc_clutter_map *map, const nwc_volume *volume)
{
    nwc_volume_facts facts;
    int32_t used = 0;
    if (!map) return nwc__fail(NWC_ERR_ARG, "map: a map expected, NULL given");
    NWC__TRY(nwc_volume_describe(volume, &facts));
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        nwc_sweep sweep;
        nwc_moment dbz;
        NWC__TRY(nwc_volume_sweep(volume, s, &sweep));
        if (sweep.mode == NWC_SWEEP_RHI || !(fabs(sweep.fixed_angle_deg) <= LOW_DEG) ||
            nwc_volume_find(volume, s, "DBZH", &dbz) != NWC_OK)
            continue;
        struct layer *layer = find_layer(map, sweep.fixed_angle_deg);
        if (!layer) NWC__TRY(add_layer(map, (float)sweep.fixed_angle_deg, &layer));
        look(layer, &sweep, &dbz, map->least_dbz);
        used++;
    }
    if (used == 0) return nwc__fail(NWC_ERR_NODATA, "volume: no DBZH at an elevation up to %g degrees", LOW_DEG);
    map->n_volumes++;
    return NWC_OK;
}

nwc_status nwc_clutter_map_describe(const nwc_clutter_map *map, int32_t *n_volumes, int32_t *n_elevations)
{
    if (!map) return nwc__fail(NWC_ERR_ARG, "map: a map expected, NULL given");
    if (n_volumes) *n_volumes = map->n_volumes;
    if (n_elevations) *n_elevations = map->n_layers;
    return NWC_OK;
}

nwc_status nwc_clutter_map_elevation(const nwc_clutter_map *map, int32_t index, double *elevation_deg, nwc_field *often,
                                     nwc_field *mean)
{
    if (!map || !elevation_deg || !often || !mean)
        return nwc__fail(NWC_ERR_ARG, "map, elevation_deg, often, mean: a map and places expected, NULL given");
    if (index < 0 || index >= map->n_layers)
        return nwc__fail(NWC_ERR_ARG, "index: 0 to %d expected, %d given", (int)map->n_layers - 1, (int)index);
    const struct layer *const layer = &map->layers[index];
    const nwc_field like = {.ndim = 2, .dim = {AZIMUTHS, RANGES}, .stride = {RANGES, 1}, .missing = NAN};
    *often = *mean = like;
    often->data = layer->often, often->units = "1";
    mean->data = layer->mean, mean->units = "dBZ";
    *elevation_deg = (double)layer->angle_deg;
    return NWC_OK;
}

nwc_status nwc__clutter_map_sample(nwc_ctx *ctx, const nwc_clutter_map *map, const nwc__quality_sweep *sweep,
                                   nwc__sample *often, nwc__sample *mean)
{
    nwc_status status = NWC_OK;
    const struct layer *best = NULL;
    for (int32_t k = 0; k < map->n_layers; k++)
        if (fabs((double)map->layers[k].angle_deg - sweep->facts.fixed_angle_deg) <= SAME_DEG) best = &map->layers[k];
    if (!best || sweep->facts.mode == NWC_SWEEP_RHI) return NWC_OK;
    const nwc__gates *const at = &sweep->at;
    *often = (nwc__sample){.cells = best->often, .n_gates = RANGES};
    NWC__ALLOC(ctx, often->gate, at->n);
    NWC__ALLOC(ctx, often->ray, sweep->facts.n_rays);
    for (int64_t g = 0; g < at->n; g++) {
        const double range = floor((at->first_m + (double)g * at->spacing_m) / CELL_M);
        often->gate[g] = range >= 0.0 && range < RANGES ? (int32_t)range : -1;
    }
    for (int64_t r = 0; r < sweep->facts.n_rays; r++) often->ray[r] = (int32_t)sweep->facts.azimuth_deg[r] % AZIMUTHS;
    if (mean) *mean = *often, mean->cells = best->mean;
done:
    if (status != NWC_OK) nwc__sample_release(ctx, often);
    return status;
}

/* ---- as bytes ---- */

static uint8_t *put4(uint8_t *to, uint32_t word)
{
    for (int k = 0; k < 4; k++) to[k] = (uint8_t)(word >> (8 * k));
    return to + 4;
}

static uint8_t *put_float(uint8_t *to, float x)
{
    uint32_t word;
    memcpy(&word, &x, sizeof word);
    return put4(to, word);
}

static uint32_t get4(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static float get_float(const uint8_t *from)
{
    const uint32_t word = get4(from);
    float x;
    memcpy(&x, &word, sizeof x);
    return x;
}

static int64_t bytes_of(int32_t n_layers)
{
    return HEAD + (int64_t)n_layers * (4 + 12 * (int64_t)CELLS);
}

nwc_status nwc_clutter_map_save(const nwc_clutter_map *map, void *bytes, int64_t *size)
{
    if (!map || !size) return nwc__fail(NWC_ERR_ARG, "map, size: a map and a place for the size expected, NULL given");
    const int64_t room = *size;
    *size = bytes_of(map->n_layers);
    if (!bytes) return NWC_OK;
    if (room < *size)
        return nwc__fail(NWC_ERR_ARG, "size: %lld bytes expected, %lld given", (long long)*size, (long long)room);
    uint8_t *to = bytes;
    memcpy(to, MAGIC, 8);
    to = put_float(to + 8, map->least_dbz);
    to = put4(to, (uint32_t)map->n_volumes);
    to = put4(to, (uint32_t)map->n_layers);
    for (int32_t k = 0; k < map->n_layers; k++) {
        to = put_float(to, map->layers[k].angle_deg);
        for (int64_t c = 0; c < 3 * (int64_t)CELLS; c++) to = put_float(to, map->layers[k].looked[c]);
    }
    return NWC_OK;
}

/* The three arrays of a layer; false where they are none that could have been saved. */
static bool take_cells(struct layer *layer, const uint8_t *from)
{
    for (int64_t c = 0; c < 3 * (int64_t)CELLS; c++) layer->looked[c] = get_float(from + 4 * c);
    for (int64_t c = 0; c < CELLS; c++)
        if (!(layer->echoes[c] >= 0.0f && layer->looked[c] >= layer->echoes[c] && isfinite(layer->looked[c]) &&
              isfinite(layer->sum[c])))
            return false;
    return true;
}

nwc_status nwc_clutter_map_load(nwc_ctx *ctx, const void *given, int64_t size, nwc_clutter_map **made)
{
    if (!given || !made)
        return nwc__fail(NWC_ERR_ARG, "bytes, map: bytes and a place for the map expected, NULL given");
    *made = NULL;
    const uint8_t *const bytes = given;
    if (size < HEAD || memcmp(bytes, MAGIC, 8) != 0)
        return nwc__fail(NWC_ERR_FORMAT, "clutter map: %s expected at offset 0", MAGIC);
    const float least_dbz = get_float(bytes + 8);
    const uint32_t volumes = get4(bytes + 12), layers = get4(bytes + 16);
    if (layers > MOST_ELEVATIONS || volumes > INT32_MAX || size != bytes_of((int32_t)layers) ||
        !(least_dbz > (float)NWC_NOTHING_DBZ && least_dbz < 100.0f))
        return nwc__fail(NWC_ERR_FORMAT, "clutter map: a whole map expected, %lld bytes for %u elevations found",
                         (long long)size, (unsigned)layers);
    NWC__TRY(nwc_clutter_map_create(ctx, (double)least_dbz, made));
    nwc_status status = NWC_OK;
    for (uint32_t k = 0; k < layers && status == NWC_OK; k++) {
        const uint8_t *const from = bytes + bytes_of((int32_t)k);
        struct layer *layer;
        const float angle_deg = get_float(from);
        if (!(fabsf(angle_deg) <= (float)LOW_DEG)) {
            status = nwc__fail(NWC_ERR_FORMAT, "clutter map: an elevation up to %g degrees expected at offset %lld",
                               LOW_DEG, (long long)bytes_of((int32_t)k));
            break;
        }
        status = add_layer(*made, angle_deg, &layer);
        if (status == NWC_OK && !take_cells(layer, from + 4))
            status = nwc__fail(NWC_ERR_FORMAT, "clutter map: counts expected at offset %lld",
                               (long long)(bytes_of((int32_t)k) + 4));
        if (status == NWC_OK) conclude(layer);
    }
    (*made)->n_volumes = (int32_t)volumes;
    if (status == NWC_OK) return NWC_OK;
    nwc_clutter_map_destroy(*made);
    *made = NULL;
    return status;
}
