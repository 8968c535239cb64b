/*
 * Scores by scale.
 *
 * The components of the Haar wavelet are differences between means over squares and over the squares of twice the side that hold
 * them, and are orthogonal: the energy of one is that of the means before less that of the means after. So sums over squares, halved
 * again and again, give all of them, exactly for events, whose sums are whole numbers. The skill is that of Casati, Ross and
 * Stephenson (2004, equations 6 to 10), with the frequency bias left as it is: chance forecasts as many events as were.
 */
#include "verify/sums.h"

#include <nowcast/verify_scales.h>

enum { HEAD = 3, MOST_SCALES = 16 };

/* Of each lag, and of each scale. */
enum { PAIRS, LAG_F, LAG_O, LAG_SUMS };
enum { DIFFERENCE, FORECAST, OBSERVED, PARTS };

struct layout {
    int32_t n_thresholds, n_scales;
    int64_t row; /* sums of the values, or of one threshold: events of both, then [scale + 1][PARTS] */
    int64_t structure, scales, size;
};

static struct layout layout_of(int32_t n_thresholds, int32_t n_scales)
{
    const int64_t row = 2 + (int64_t)(n_scales + 1) * PARTS, scales = 1 + (int64_t)n_scales * LAG_SUMS;
    return (struct layout){n_thresholds, n_scales, row, 1, scales, scales + (n_thresholds + 1) * row};
}

void nwc_verify_scales_options_init(nwc_verify_scales_options *options)
{
    if (options) *options = (nwc_verify_scales_options){.struct_size = sizeof *options, .n_scales = 8};
}

nwc_status nwc_verify_scales_create(nwc_ctx *ctx, const nwc_verify_scales_options *given, nwc_verify_sums **sums)
{
    ctx = nwc__ctx(ctx);
    if (!sums) return nwc__fail(NWC_ERR_ARG, "sums: a place for the sums expected, NULL given");
    *sums = NULL;
    nwc_verify_scales_options options;
    nwc_verify_scales_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(nwc__verify_check_thresholds(options.thresholds, options.n_thresholds));
    if (options.n_scales < 1 || options.n_scales > MOST_SCALES)
        return nwc__fail(NWC_ERR_ARG, "n_scales: 1 to %d expected, %d given", MOST_SCALES, (int)options.n_scales);
    const struct layout layout = layout_of(options.n_thresholds, options.n_scales);
    NWC__TRY(nwc__sums_create(ctx, NWC__SUMS_SCALES, HEAD + options.n_thresholds, layout.size, sums));
    (*sums)->state[1] = options.n_thresholds;
    (*sums)->state[2] = options.n_scales;
    for (int32_t t = 0; t < options.n_thresholds; t++) (*sums)->state[HEAD + t] = (double)(float)options.thresholds[t];
    return NWC_OK;
}

struct job {
    const nwc_verify_sums *sums;
    struct layout layout;
    const nwc_field *forecast, *observed;
    const nwc_flags *use;
    int64_t ny, nx;
    float *cell;    /* [forecast, observed][y][x], NaN in both where one is not known */
    double *square; /* [row of sums][PARTS][squares of two cells' side] */
    int64_t n_squares;
    double *lags;   /* [y][lag][LAG_SUMS], then the cells known in the row */
    double *scales; /* [row of sums][...] */
};

static nwc_status gather_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const nwc_field *const forecast = job->forecast, *const observed = job->observed;
    const nwc_flags *const use = job->use;
    float *const f = job->cell + j * job->nx, *const o = f + job->ny * job->nx;
    for (int64_t i = 0; i < job->nx; i++) {
        const float vf = forecast->data[j * forecast->stride[0] + i * forecast->stride[1]];
        const float vo = observed->data[j * observed->stride[0] + i * observed->stride[1]];
        const bool used = !use || use->data[j * use->stride[0] + i * use->stride[1]];
        const bool known = used && isfinite(vf) && isfinite(vo);
        f[i] = known ? vf : NAN;
        o[i] = known ? vo : NAN;
    }
    return NWC_OK;
}

/* Pairs of the cells of a row with those step cells further, in memory. */
static void add_lag(const struct job *job, int64_t first, int64_t n, int64_t step, double *sums)
{
    const float *const f = job->cell + first, *const o = f + job->ny * job->nx;
    double pairs = 0.0, sum_f = 0.0, sum_o = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double df = (double)f[i + step] - (double)f[i], d_o = (double)o[i + step] - (double)o[i];
        const bool known = !isnan(df);
        pairs += known;
        sum_f += known ? df * df : 0.0;
        sum_o += known ? d_o * d_o : 0.0;
    }
    sums[PAIRS] += pairs, sums[LAG_F] += sum_f, sums[LAG_O] += sum_o;
}

static nwc_status structure_row(int64_t j, void *user)
{
    const struct job *const job = user;
    double *const sums = job->lags + j * job->layout.scales;
    for (int64_t k = 0; k < job->layout.scales; k++) sums[k] = 0.0;
    for (int64_t i = 0; i < job->nx; i++) sums[0] += !isnan(job->cell[j * job->nx + i]);
    for (int32_t l = 0; l < job->layout.n_scales; l++) {
        const int64_t lag = (int64_t)1 << l;
        double *const of_lag = sums + job->layout.structure + (int64_t)l * LAG_SUMS;
        if (lag < job->nx) add_lag(job, j * job->nx, job->nx - lag, lag, of_lag);
        if (lag < job->ny - j) add_lag(job, j * job->nx, job->nx, lag * job->nx, of_lag);
    }
    return NWC_OK;
}

/* What is decomposed of a cell: its values, or whether they reach a threshold; 0 where not known. */
static void parts_of(const struct job *job, int64_t row, int64_t at, double part[PARTS])
{
    const float f = job->cell[at], o = job->cell[job->ny * job->nx + at];
    part[FORECAST] = part[OBSERVED] = 0.0;
    if (row && !isnan(f)) {
        const float threshold = (float)job->sums->state[HEAD + row - 1];
        part[FORECAST] = f >= threshold, part[OBSERVED] = o >= threshold;
    } else if (!isnan(f))
        part[FORECAST] = (double)f, part[OBSERVED] = (double)o;
    part[DIFFERENCE] = part[FORECAST] - part[OBSERVED];
}

/* Halve squares, sums of (ny, nx) in place, and return the sum of their squares. */
static double halve(double *square, int64_t ny, int64_t nx)
{
    const int64_t half_y = (ny + 1) / 2, half_x = (nx + 1) / 2;
    double energy = 0.0;
    for (int64_t j = 0; j < half_y; j++)
        for (int64_t i = 0; i < half_x; i++) {
            double sum = 0.0;
            for (int64_t b = 2 * j; b < 2 * j + 2 && b < ny; b++)
                for (int64_t a = 2 * i; a < 2 * i + 2 && a < nx; a++) sum += square[b * nx + a];
            square[j * half_x + i] = sum; /* what is overwritten was read */
            energy += sum * sum;
        }
    return energy;
}

/* The energies of all scales of the values (row 0) or of a threshold. */
static nwc_status decompose(int64_t row, void *user)
{
    const struct job *const job = user;
    double *const sums = job->scales + row * job->layout.row, *const energy = sums + 2;
    double *const square = job->square + row * PARTS * job->n_squares;
    for (int64_t k = 0; k < job->layout.row; k++) sums[k] = 0.0;
    for (int64_t k = 0; k < PARTS * job->n_squares; k++) square[k] = 0.0;
    const int64_t half_x = (job->nx + 1) / 2;
    for (int64_t j = 0; j < job->ny; j++)
        for (int64_t i = 0; i < job->nx; i++) {
            double part[PARTS];
            parts_of(job, row, j * job->nx + i, part);
            for (int p = 0; p < PARTS; p++) {
                energy[p] += part[p] * part[p];
                square[p * job->n_squares + j / 2 * half_x + i / 2] += part[p];
            }
            sums[0] += row ? part[FORECAST] : 0.0;
            sums[1] += row ? part[OBSERVED] : 0.0;
        }
    for (int p = 0; p < PARTS; p++) {
        int64_t ny = (job->ny + 1) / 2, nx = half_x;
        double *const of_part = square + p * job->n_squares, cells = 4.0, total = 0.0;
        for (int64_t k = 0; k < ny * nx; k++) total += of_part[k] * of_part[k];
        energy[PARTS + p] = total / cells;
        for (int32_t l = 2; l <= job->layout.n_scales; l++) {
            total = halve(of_part, ny, nx);
            ny = (ny + 1) / 2, nx = (nx + 1) / 2, cells *= 4.0;
            energy[l * PARTS + p] = total / cells;
        }
    }
    return NWC_OK;
}

nwc_status nwc_verify_scales_add(nwc_ctx *ctx, nwc_verify_sums *sums, const nwc_field *forecast,
                                 const nwc_field *observed, const nwc_flags *use)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__sums_check(sums, NWC__SUMS_SCALES, "nwc_verify_scales_create"));
    NWC__TRY(nwc__verify_check_pair(forecast, "forecast", observed, use));
    nwc_status status;
    struct job job = {.sums = sums,
                      .layout = layout_of((int32_t)sums->state[1], (int32_t)sums->state[2]),
                      .forecast = forecast,
                      .observed = observed,
                      .use = use,
                      .ny = forecast->dim[0],
                      .nx = forecast->dim[1]};
    const struct layout layout = job.layout;
    const int64_t rows = layout.n_thresholds + 1;
    job.n_squares = ((job.ny + 1) / 2) * ((job.nx + 1) / 2);
    NWC__ALLOC(ctx, job.cell, 2 * job.ny * job.nx);
    NWC__ALLOC(ctx, job.square, rows * PARTS * job.n_squares);
    NWC__ALLOC(ctx, job.lags, job.ny * layout.scales);
    NWC__ALLOC(ctx, job.scales, rows * layout.row);
    if ((status = nwc__for_each_tile(ctx, NULL, job.ny, gather_row, &job)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, NULL, job.ny, structure_row, &job)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, "scales", rows, decompose, &job)) != NWC_OK) goto done;
    double *const into = sums->state + sums->head;
    for (int64_t j = 0; j < job.ny; j++)
        for (int64_t k = 0; k < layout.scales; k++) into[k] += job.lags[j * layout.scales + k];
    for (int64_t k = 0; k < rows * layout.row; k++) into[layout.scales + k] += job.scales[k];

done:
    nwc__free(ctx, job.scales);
    nwc__free(ctx, job.lags);
    nwc__free(ctx, job.square);
    nwc__free(ctx, job.cell);
    return status;
}

nwc_status nwc_verify_scales_get_scores(const nwc_verify_sums *sums, int32_t threshold, nwc_scale_score *scores)
{
    NWC__TRY(nwc__sums_check(sums, NWC__SUMS_SCALES, "nwc_verify_scales_create"));
    const struct layout layout = layout_of((int32_t)sums->state[1], (int32_t)sums->state[2]);
    if (threshold != -1) NWC__TRY(nwc__verify_check_index("threshold", threshold, layout.n_thresholds));
    if (!scores) return nwc__fail(NWC_ERR_ARG, "scores: a place expected, NULL given");
    const double *const all = sums->state + sums->head, n = all[0];
    const double *const row = all + layout.scales + (threshold + 1) * layout.row, *const energy = row + 2;
    const double said = nwc__verify_ratio(row[0], n), came = nwc__verify_ratio(row[1], n);
    const double chance = said * (1.0 - came) + came * (1.0 - said);
    for (int32_t l = 0; l <= layout.n_scales; l++) {
        double part[PARTS];
        for (int p = 0; p < PARTS; p++) {
            const double rest = l < layout.n_scales ? energy[(l + 1) * PARTS + p] : 0.0;
            part[p] = nwc__verify_ratio(energy[l * PARTS + p] - rest, n);
        }
        scores[l] = (nwc_scale_score){
            .side = (int64_t)1 << l,
            .mse = part[DIFFERENCE],
            .energy_forecast = part[FORECAST],
            .energy_observed = part[OBSERVED],
            .skill = 1.0 - nwc__verify_ratio(part[DIFFERENCE] * (layout.n_scales + 1), chance),
        };
    }
    return NWC_OK;
}

nwc_status nwc_verify_scales_get_structure(const nwc_verify_sums *sums, nwc_structure *lags)
{
    NWC__TRY(nwc__sums_check(sums, NWC__SUMS_SCALES, "nwc_verify_scales_create"));
    if (!lags) return nwc__fail(NWC_ERR_ARG, "lags: a place expected, NULL given");
    const struct layout layout = layout_of((int32_t)sums->state[1], (int32_t)sums->state[2]);
    const double *of_lag = sums->state + sums->head + layout.structure;
    for (int32_t l = 0; l < layout.n_scales; l++, of_lag += LAG_SUMS)
        lags[l] = (nwc_structure){.lag = (int64_t)1 << l,
                                  .n = (int64_t)of_lag[PAIRS],
                                  .forecast = nwc__verify_ratio(of_lag[LAG_F], of_lag[PAIRS]),
                                  .observed = nwc__verify_ratio(of_lag[LAG_O], of_lag[PAIRS])};
    return NWC_OK;
}
