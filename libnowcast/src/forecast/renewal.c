/*
 * When the areas of a composite were renewed, when they will be, and so how far they will stay behind the time.
 *
 * Radars scan a volume in 3 to 7 minutes in rain (from half a volume with a second lowest sweep, to clear air), each on
 * a clock of its own; where areas overlap, a composite of two-minute steps is renewed at every one; and whole networks
 * hand in together every ten minutes. Each of these periods with each phase is a supposition, under which the frames
 * were renewed at some steps and not at others, and under which by a lead time the composite will have moved by a
 * number of periods. The renewed share of the cells around a place that tell gives the suppositions their
 * probabilities there (Bayes). How frequent the kinds are is learnt from the whole composite: a few short steps cannot
 * tell a scan of six minutes from one of ten at one place, but radars with clocks of their own are in all phases,
 * and an area that is all in one phase is a network.
 *
 * The delay is the median over the suppositions: what is shown moves by whole periods, and the mean of two of them is
 * right for neither (on two-minute composites of the United States it lost two fifths of the gain, six minutes ahead).
 */
#include "forecast/kernels.h"
#include "forecast/trajectory.h"

NWC__DECLARE_KERNELS(nwc__renewal_kernels);

enum {
    MOST_PAIRS = 15, /* of successive frames */
    ROWS = 16,       /* rows of the result in a tile */
    OWN_PHASES = 12, /* of a radar with a clock of its own */
    NETWORK_PHASES = 20,
    N_PERIODS = 8,
    N_GROUPS = 1 + N_PERIODS + NETWORK_PHASES,
    N_SUPPOSITIONS = 1 + N_PERIODS * OWN_PHASES + NETWORK_PHASES,
    ROUNDS = 4 /* of learning how frequent the kinds are: later ones move nothing */
};

/* Prior weights: renewed at every step 1, radars of their own .2 for each period, networks 1 over all phases. */
static const double periods_s[N_PERIODS] = {180.0, 210.0, 240.0, 270.0, 300.0, 330.0, 360.0, 420.0};
#define OWN_WEIGHT 0.2
#define NETWORK_PERIOD_S 600.0
#define PRIOR_SHARE 0.5F /* of the prior beside what the composite tells */

#define HISTORY_S 1800.0    /* frames that are older tell nothing of today's scans */
#define LAST_LEAD_S 1200.0  /* twice the longest period: beyond it nothing is gained */
#define SIGMA_CELLS 3.0     /* of the neighbourhood of a place: 60 cells */
#define LEAST_TELLING 0.01F /* of its cells */
#define DOUBT 0.1F          /* as many cells more, all renewed: a few alike by chance are no area */
#define LEAST_SHARE 0.05F   /* a renewed share is that far from 0 and 1: some cells are renewed by another radar */
#define CARRIED_ABOVE 0.5F  /* what is carried over at a larger share, doubt included, is an area that was */

/* What the tiles of all stages share. Places are nodes that tell of every pair, in the order of the grid. */
struct job {
    const struct nwc__renewal_kernels *kernels;
    const nwc_field *earlier, *later; /* (y, x) */
    int64_t ny, nx;                   /* nodes */
    int32_t spacing;                  /* cells between nodes */
    float *telling, *carried;         /* (ny, nx) */
    bool *stale;                      /* (ny, nx) carried over between any two frames */
    int32_t n_pairs, n_leads;
    int64_t n_places;
    float *share; /* (pair, place) renewed */
    bool *late;   /* (place) stale */
    struct nwc__supposition suppositions[N_SUPPOSITIONS];
    double *frequency;  /* (tile, group): sums of probabilities */
    int32_t *order;     /* (lead, supposition) by increasing tau_s */
    float *tau_s;       /* (lead, supposition): by how much what is shown will have moved */
    float *place_delay; /* (lead, place) */
    float *node_delay;  /* (lead, ny, nx) */
    const double *leads_s;
    nwc_field *delay;
};

/* ---- cells that tell ---- */

static const float *row_of(const nwc_field *field, int64_t j)
{
    return field->data + j * field->stride[0];
}

static nwc_status count_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    float *const telling = job->telling + tile * job->nx, *const carried = job->carried + tile * job->nx;
    memset(telling, 0, (size_t)job->nx * sizeof *telling);
    memset(carried, 0, (size_t)job->nx * sizeof *carried);
    const int64_t from = tile * job->spacing - job->spacing / 2, last_row = job->later->dim[0] - 1;
    for (int64_t j = from > 1 ? from : 1; j < from + job->spacing && j < last_row; j++)
        job->kernels->count(row_of(job->earlier, j), job->earlier->stride[1], row_of(job->later, j),
                            row_of(job->later, j - 1), row_of(job->later, j + 1), job->later->stride[1],
                            job->later->dim[1], job->spacing, telling, carried);
    return NWC_OK;
}

/* The renewed share around each node between two frames, NaN where too few cells tell; adds to stale, told, kept. */
static nwc_status renewed_share(nwc_ctx *ctx, struct job *job, float *restrict share, double *told, double *kept)
{
    NWC__TRY(nwc__for_each_tile(ctx, "renewal", job->ny, count_rows, job));
    const int64_t n = job->ny * job->nx;
    for (int64_t k = 0; k < n; k++) *told += (double)job->telling[k], *kept += (double)job->carried[k];
    const double sigma = SIGMA_CELLS / (double)job->spacing;
    float *const maps[2] = {job->telling, job->carried};
    for (int m = 0; m < 2; m++) {
        nwc_field map = {.data = maps[m], .ndim = 2, .dim = {job->ny, job->nx}, .stride = {job->nx, 1}, .missing = NAN};
        nwc_field smooth = map;
        smooth.data = share + m * n;
        NWC__TRY(nwc_grid_smooth(ctx, &map, NWC_SMOOTH_GAUSSIAN, sigma, sigma, 0.0, &smooth));
    }
    const float cells = (float)(job->spacing * job->spacing), least = LEAST_TELLING * cells, doubt = DOUBT * cells;
    for (int64_t k = 0; k < n; k++) {
        const float renewed = 1.0F - share[n + k] / share[k];
        job->stale[k] |= share[n + k] > CARRIED_ABOVE * (share[k] + doubt);
        const float low = renewed > LEAST_SHARE ? renewed : LEAST_SHARE;
        share[k] = share[k] < least ? NAN : low < 1.0F - LEAST_SHARE ? low : 1.0F - LEAST_SHARE;
    }
    return NWC_OK;
}

/* ---- suppositions ---- */

/* How many renewals of this period, the last before time 0 being at last_s, there are from then up to t_s. */
static double renewals(double t_s, double last_s, double period_s)
{
    return floor((t_s - last_s) / period_s);
}

/* One supposition. times_s: of the frames of all pairs, 0 for the latest; period_s 0: renewed at every step. */
static void suppose(struct job *job, int32_t s, int32_t group, float share, double period_s, double last_s,
                    const double *times_s)
{
    struct nwc__supposition *const made = &job->suppositions[s];
    *made = (struct nwc__supposition){.group = group, .share = share};
    for (int32_t k = 0; k < job->n_pairs; k++) {
        const bool renewed =
            !(period_s > 0.0) || renewals(times_s[k + 1], last_s, period_s) > renewals(times_s[k], last_s, period_s);
        made->renewed |= (uint32_t)renewed << k;
    }
    for (int32_t n = 0; n < job->n_leads; n++) {
        const double lead_s = job->leads_s[n];
        job->tau_s[n * N_SUPPOSITIONS + s] =
            (float)(period_s > 0.0 ? period_s * renewals(lead_s, last_s, period_s) : lead_s);
    }
}

static void sort_by(const float *value, int32_t *order)
{
    for (int32_t s = 0; s < N_SUPPOSITIONS; s++) {
        int32_t at = s;
        for (; at > 0 && value[order[at - 1]] > value[s]; at--) order[at] = order[at - 1];
        order[at] = s;
    }
}

static void make_suppositions(struct job *job, const double *times_s)
{
    int32_t s = 0, group = 0;
    suppose(job, s++, group++, 1.0F, 0.0, 0.0, times_s);
    for (int32_t p = 0; p < N_PERIODS; p++, group++)
        for (int32_t q = 0; q < OWN_PHASES; q++)
            suppose(job, s++, group, 1.0F / OWN_PHASES, periods_s[p], -(q + 0.5) / OWN_PHASES * periods_s[p], times_s);
    for (int32_t q = 0; q < NETWORK_PHASES; q++)
        suppose(job, s++, group++, 1.0F, NETWORK_PERIOD_S, -(q + 0.5) / NETWORK_PHASES * NETWORK_PERIOD_S, times_s);
    assert(s == N_SUPPOSITIONS && group == N_GROUPS);
    for (int32_t n = 0; n < job->n_leads; n++)
        sort_by(job->tau_s + n * N_SUPPOSITIONS, job->order + n * N_SUPPOSITIONS);
}

static int32_t places_in(const struct job *job, int64_t tile)
{
    const int64_t left = job->n_places - tile * NWC__CHUNK;
    return (int32_t)(left < NWC__CHUNK ? left : NWC__CHUNK);
}

static void weigh(const struct job *job, int64_t tile, float *probability)
{
    job->kernels->weigh(job->share + tile * NWC__CHUNK, job->n_places, job->n_pairs, job->suppositions, N_SUPPOSITIONS,
                        places_in(job, tile), probability);
}

static nwc_status add_frequencies(int64_t tile, void *user)
{
    const struct job *const job = user;
    float probability[N_SUPPOSITIONS * NWC__CHUNK];
    double *const sum = job->frequency + tile * N_GROUPS;
    memset(sum, 0, N_GROUPS * sizeof *sum);
    weigh(job, tile, probability);
    for (int32_t s = 0; s < N_SUPPOSITIONS; s++)
        for (int32_t i = 0; i < places_in(job, tile); i++)
            sum[job->suppositions[s].group] += (double)probability[s * NWC__CHUNK + i];
    return NWC_OK;
}

/* Find how frequent the groups are in the composite: expectation maximisation, the prior counting as so many places. */
static nwc_status learn(nwc_ctx *ctx, struct job *job, int64_t tiles)
{
    double prior[N_GROUPS], found[N_GROUPS], total = 0.0;
    for (int32_t g = 0; g < N_GROUPS; g++) {
        prior[g] = g == 0 ? 1.0 : g <= N_PERIODS ? OWN_WEIGHT : 1.0 / NETWORK_PHASES;
        total += prior[g];
    }
    for (int32_t g = 0; g < N_GROUPS; g++) found[g] = prior[g] /= total;
    for (int32_t round = 0; round <= ROUNDS; round++) {
        for (int32_t s = 0; s < N_SUPPOSITIONS; s++) {
            struct nwc__supposition *const at = &job->suppositions[s];
            at->prior = (float)found[at->group] * at->share;
        }
        if (round == ROUNDS) break;
        NWC__TRY(nwc__for_each_tile(ctx, "renewal", tiles, add_frequencies, job));
        for (int32_t g = 0; g < N_GROUPS; g++) {
            double sum = 0.0;
            for (int64_t tile = 0; tile < tiles; tile++) sum += job->frequency[tile * N_GROUPS + g];
            found[g] = PRIOR_SHARE * prior[g] + (1.0 - PRIOR_SHARE) * sum / (double)job->n_places;
        }
    }
    return NWC_OK;
}

/* ---- delays ---- */

static nwc_status delay_places(int64_t tile, void *user)
{
    const struct job *const job = user;
    float probability[N_SUPPOSITIONS * NWC__CHUNK], tau_s[NWC__CHUNK];
    const int64_t first = tile * NWC__CHUNK;
    const int32_t n = places_in(job, tile);
    weigh(job, tile, probability);
    for (int32_t l = 0; l < job->n_leads; l++) {
        job->kernels->median(probability, job->order + l * N_SUPPOSITIONS, job->tau_s + l * N_SUPPOSITIONS,
                             N_SUPPOSITIONS, n, tau_s);
        const float lead_s = (float)job->leads_s[l];
        for (int32_t i = 0; i < n; i++)
            job->place_delay[l * job->n_places + first + i] =
                job->late[first + i] && lead_s > 0.0F ? lead_s - tau_s[i] : 0.0F;
    }
    return NWC_OK;
}

/* Rows of the result, linear between nodes. */
static nwc_status spread_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t ny = job->delay->dim[1], nx = job->delay->dim[2], spacing = job->spacing;
    for (int64_t j = tile * ROWS; j < ny && j < (tile + 1) * ROWS; j++) {
        const int64_t low_row = j / spacing, high_row = low_row + 1 < job->ny ? low_row + 1 : low_row;
        const float b = (float)(j % spacing) / (float)spacing;
        for (int64_t l = 0; l < job->n_leads; l++) {
            const float *const low = job->node_delay + (l * job->ny + low_row) * job->nx;
            const float *const high = job->node_delay + (l * job->ny + high_row) * job->nx;
            float *const out = job->delay->data + l * job->delay->stride[0] + j * job->delay->stride[1];
            for (int64_t i = 0; i < nx; i++) {
                const int64_t at = i / spacing, next = at + 1 < job->nx ? at + 1 : at;
                const float a = (float)(i % spacing) / (float)spacing;
                const float below = low[at] + a * (low[next] - low[at]);
                const float above = high[at] + a * (high[next] - high[at]);
                out[i * job->delay->stride[2]] = below + b * (above - below);
            }
        }
    }
    return NWC_OK;
}

static void clear(const nwc_field *delay)
{
    for (int64_t l = 0; l < delay->dim[0]; l++)
        for (int64_t j = 0; j < delay->dim[1]; j++)
            for (int64_t i = 0; i < delay->dim[2]; i++)
                delay->data[l * delay->stride[0] + j * delay->stride[1] + i * delay->stride[2]] = 0.0F;
}

/* The places, and the delays there and between them. node_share: (pair, node), NaN where nothing is told. */
static nwc_status delays(nwc_ctx *ctx, struct job *job, const float *node_share, const double *times_s)
{
    const int64_t n_nodes = job->ny * job->nx;
    nwc_status status = NWC_OK;
    int32_t *place = NULL; /* -1 for a node that is none */
    bool any_late = false;
    NWC__ALLOC(ctx, place, n_nodes);
    for (int64_t k = 0; k < n_nodes; k++) {
        bool told = true;
        for (int32_t p = 0; p < job->n_pairs; p++) told &= !isnan(node_share[p * n_nodes + k]);
        any_late |= told && job->stale[k];
        place[k] = told ? (int32_t)job->n_places++ : -1;
    }
    if (!any_late) goto done;
    const int64_t tiles = (job->n_places + NWC__CHUNK - 1) / NWC__CHUNK;
    NWC__ALLOC(ctx, job->share, job->n_pairs * job->n_places);
    NWC__ALLOC(ctx, job->late, job->n_places);
    NWC__ALLOC(ctx, job->frequency, tiles * N_GROUPS);
    NWC__ALLOC(ctx, job->order, (int64_t)job->n_leads * N_SUPPOSITIONS);
    NWC__ALLOC(ctx, job->tau_s, (int64_t)job->n_leads * N_SUPPOSITIONS);
    NWC__ALLOC(ctx, job->place_delay, job->n_leads * job->n_places);
    NWC__ALLOC(ctx, job->node_delay, job->n_leads * n_nodes);
    for (int64_t k = 0; k < n_nodes; k++) {
        if (place[k] < 0) continue;
        job->late[place[k]] = job->stale[k];
        for (int32_t p = 0; p < job->n_pairs; p++)
            job->share[p * job->n_places + place[k]] = node_share[p * n_nodes + k];
    }

    make_suppositions(job, times_s);
    if ((status = learn(ctx, job, tiles)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, "renewal", tiles, delay_places, job)) != NWC_OK) goto done;
    for (int64_t l = 0; l < job->n_leads; l++)
        for (int64_t k = 0; k < n_nodes; k++)
            job->node_delay[l * n_nodes + k] = place[k] < 0 ? 0.0F : job->place_delay[l * job->n_places + place[k]];
    status = nwc__for_each_tile(ctx, "renewal", (job->delay->dim[1] + ROWS - 1) / ROWS, spread_rows, job);
done:
    nwc__free(ctx, job->node_delay);
    nwc__free(ctx, job->place_delay);
    nwc__free(ctx, job->tau_s);
    nwc__free(ctx, job->order);
    nwc__free(ctx, job->frequency);
    nwc__free(ctx, job->late);
    nwc__free(ctx, job->share);
    nwc__free(ctx, place);
    return status;
}

/* ---- the call ---- */

static nwc_status check_frames(const nwc_field *frames, const int64_t *times_ns, int32_t n_frames)
{
    if (n_frames < 1) return nwc__fail(NWC_ERR_ARG, "n_frames: 1 or more expected, %d given", (int)n_frames);
    if (!times_ns) return nwc__fail(NWC_ERR_ARG, "times_ns: the times of the frames expected, NULL given");
    for (int32_t k = 0; k < n_frames; k++) {
        NWC__TRY(nwc__check_field(frames ? &frames[k] : NULL, "frames", 2));
        NWC__TRY(nwc__check_same_shape(&frames[k], "frames", &frames[0], "the first of them"));
        if (k > 0 && times_ns[k] <= times_ns[k - 1])
            return nwc__fail(NWC_ERR_ARG, "times_ns: increasing times expected, %lld after %lld given",
                             (long long)times_ns[k], (long long)times_ns[k - 1]);
    }
    if (frames[0].dim[0] > INT32_MAX / frames[0].dim[1])
        return nwc__fail(NWC_ERR_ARG, "frames: at most %d cells expected, %lld x %lld given", INT32_MAX,
                         (long long)frames[0].dim[0], (long long)frames[0].dim[1]);
    return NWC_OK;
}

/* The first of the frames that are looked at, and the times of these, 0 for the latest. */
static int32_t first_frame(const int64_t *times_ns, int32_t n_frames, double *times_s)
{
    int32_t first = n_frames - 1;
    while (first > 0 && n_frames - 1 - first < MOST_PAIRS) {
        const double step_s = 1e-9 * ((double)times_ns[first] - (double)times_ns[first - 1]);
        const double age_s = 1e-9 * ((double)times_ns[n_frames - 1] - (double)times_ns[first - 1]);
        if (step_s > NETWORK_PERIOD_S || age_s > HISTORY_S) break;
        first--;
    }
    for (int32_t k = first; k < n_frames; k++)
        times_s[k - first] = 1e-9 * ((double)times_ns[k] - (double)times_ns[n_frames - 1]);
    return first;
}

nwc_status nwc_forecast_delay(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const double *leads_s, int32_t n_leads, nwc_field *delay, double *carried)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check_frames(frames, times_ns, n_frames));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_field(delay, "delay", 3));
    NWC__TRY(nwc__check_same_shape(delay, "delay", &frames[0], "frames"));
    if (delay->dim[0] != n_leads)
        return nwc__fail(NWC_ERR_ARG, "delay: %d lead times expected, %lld given", (int)n_leads,
                         (long long)delay->dim[0]);

    double times_s[MOST_PAIRS + 1], told = 0.0, kept = 0.0;
    const int32_t first = first_frame(times_ns, n_frames, times_s);
    const int64_t rows = frames[0].dim[0], columns = frames[0].dim[1];
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__renewal_kernels), .leads_s = leads_s, .delay = delay};
    job.spacing = nwc__node_spacing(0, rows, columns);
    job.ny = (rows - 1 + job.spacing / 2) / job.spacing + 1, job.nx = (columns - 1 + job.spacing / 2) / job.spacing + 1;
    job.n_pairs = n_frames - 1 - first;
    while (job.n_leads < n_leads && leads_s[job.n_leads] <= LAST_LEAD_S) job.n_leads++;
    const int64_t n_nodes = job.ny * job.nx;
    nwc_status status = NWC_OK;
    float *node_share = NULL; /* (pair, node), and one map of scratch behind */
    clear(delay);
    if (carried) *carried = 0.0;
    if (job.n_pairs < 2) return NWC_OK;
    NWC__ALLOC(ctx, node_share, (job.n_pairs + 1) * n_nodes);
    NWC__ALLOC(ctx, job.telling, n_nodes);
    NWC__ALLOC(ctx, job.carried, n_nodes);
    NWC__ALLOC(ctx, job.stale, n_nodes);
    memset(job.stale, 0, (size_t)n_nodes * sizeof *job.stale);
    for (int32_t p = 0; p < job.n_pairs; p++) {
        job.earlier = &frames[first + p], job.later = &frames[first + p + 1];
        if ((status = renewed_share(ctx, &job, node_share + p * n_nodes, &told, &kept)) != NWC_OK) goto done;
    }
    if (carried) *carried = told > 0.0 ? kept / told : 0.0;
    if (job.n_leads > 0) status = delays(ctx, &job, node_share, times_s);
done:
    nwc__free(ctx, job.stale);
    nwc__free(ctx, job.carried);
    nwc__free(ctx, job.telling);
    nwc__free(ctx, node_share);
    return status;
}
