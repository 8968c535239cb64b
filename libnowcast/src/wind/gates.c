/*
 * Radial velocities of volumes as data of the variational wind: means over the gates of about one cell, along the ray, and near the radar
 * over rays too. A mean has the mean place and the mean direction of its gates, so it is exact in a wind that is the same
 * everywhere; gates far from the median of theirs are left out. To it is added the fall of the echo.
 *
 * Its variance is that of a gate, as it is stated and as the gates themselves show it, over their number, and that of what a mean does
 * not stand for, which grows with the width of the beam.
 */
#include "radar/rays.h"
#include "wind/map.h"

#define BEAM_SHEAR 2e-4       /* s-1: what a beam's width hides of the wind in it */
#define LEAN_SHEAR 2e-3       /* s-1: and of how far off its axis echo is seen, as much as is not known */
#define LEAST_SPREAD_M_S 5.0  /* from the median within which no gate is left out */
#define MOST_SPREADS 4.0      /* robust standard deviations */
#define STATED_GATES 4.0      /* the error of a gate as stated counts as much as so many gates that show one */
#define LEAST_CONFIDENCE 0.5F /* VCONF of a gate that is used */
#define LEAST_QUALITY 0.1
#define WEAK_RAIN_DBZ 20.0
#define FARTHEST_STEP_M 30e3 /* that the motion of a storm brings a datum, which may be into the box */
#define TOP_M 25e3           /* no echo is higher */
#define LEAST_APART_DEG 0.1  /* of turns at different elevations, and of their rays next to each other */
#define MOST_APART_DEG 6.0
#define NEAR_DEG 1.5

enum { RAYS = 16, MOST_GATES = 64, MOST = RAYS * MOST_GATES };

/*
 * Speeds of rain and snow by reflectivity (Atlas, Srivastava and Sekhon 1973, Rev. Geophys. 11, 1), faster in thin air (Foote and du
 * Toit 1969, J. Appl. Meteor. 8, 249). Above the freezing level strong echo is graupel and hail, which fall about as rain does.
 */
double nwc__wind_fall(double dbz, double height_m, double freezing_m)
{
    const double db = isnan(dbz) ? WEAK_RAIN_DBZ : fmin(fmax(dbz, 0.0), 60.0);
    const double rain = 2.6 * pow(10.0, 0.0107 * db), snow = 0.817 * pow(10.0, 0.0063 * db);
    const double melted = fmin(fmax((freezing_m + 500.0 - height_m) / 1000.0, 0.0), 1.0);
    const double hail = fmin(fmax((db - 30.0) / 15.0, 0.0), 1.0), as_rain = fmax(melted, hail);
    return exp(0.4 * height_m / 10e3) * (as_rain * rain + (1.0 - as_rain) * snow);
}

struct turn { /* a sweep that is used */
    const nwc__wind_map *map;
    nwc_sweep sweep;
    nwc_moment velocity, dbz, confidence, quality; /* all but velocity may have no name */
    const int32_t *order;                          /* rays by azimuth */
    const struct turn *next[2];                    /* at the elevations below and above, NULL where there is none */
    int32_t *near[2];                  /* the ray of those that is nearest to each of this one; -1 for none */
    int64_t first_tile, gates, blocks; /* tiles of RAYS rays; gates of a mean; means along a ray */
    double step;                       /* between rays, radians */
    int32_t source;
};

struct job {
    const nwc__wind_frame *frame;
    const nwc_wind_options *options;
    int64_t time_ns, n_turns, tiles;
    struct turn *turns;
    int32_t *order, *near;
    int64_t *first; /* (tiles + 1): of the data of a tile */
    nwc__wind_datum *data;
};

/* ---- means ---- */

static float cell(const nwc_moment *moment, int64_t ray, int64_t gate)
{
    return moment->field.data[ray * moment->field.stride[0] + gate * moment->field.stride[1]];
}

/* Of another moment at a range, NaN where it has no gate there. */
static float at_range(const nwc_moment *moment, int64_t ray, double range_m)
{
    if (!moment->name) return NAN;
    const double gate = (range_m - moment->first_gate_m) / moment->gate_spacing_m + 0.5;
    return gate >= 0.0 && gate < (double)moment->field.dim[1] ? cell(moment, ray, (int64_t)gate) : NAN;
}

static double range_of(const nwc_moment *moment, double gate)
{
    return moment->first_gate_m + gate * moment->gate_spacing_m;
}

/* The velocity of a gate that is used; NaN for one that is not. */
static float velocity_of(const struct turn *turn, int64_t ray, int64_t gate)
{
    const float v = cell(&turn->velocity, ray, gate);
    if (isnan(v) || !turn->confidence.name) return isfinite(v) ? v : NAN;
    return at_range(&turn->confidence, ray, range_of(&turn->velocity, (double)gate)) < LEAST_CONFIDENCE ? NAN : v;
}

/* How many rays are taken together at a range. */
static int64_t rays_at(const struct job *job, const struct turn *turn, double range_m)
{
    const double most = fmin(job->frame->dx, job->frame->dy) / (turn->step * fmax(range_m, 1.0));
    int64_t n = 1;
    while (n < RAYS && (double)(2 * n) <= most && turn->sweep.mode != NWC_SWEEP_RHI) n *= 2;
    return n;
}

/* What remains of gates: median and how far from it. */
static double middle_of(const float *values, int64_t n, double gate_error, double *limit)
{
    double sorted[MOST];
    for (int64_t i = 0; i < n; i++) sorted[i] = (double)values[i];
    const double middle = nwc__middle(sorted, n);
    *limit = fmax(LEAST_SPREAD_M_S, MOST_SPREADS * fmax(gate_error, nwc__spread_about(sorted, n, middle)));
    return middle;
}

/* How far above its axis and clockwise of it the beam of a ray, one of order, sees its echo at a range. */
static void find_lean(const struct turn *turn, int64_t place, double range_m, double lean[2])
{
    const int64_t ray = turn->order[place];
    const double width_m = turn->map->width * range_m, here = (double)at_range(&turn->dbz, ray, range_m);
    double there[2] = {NAN, NAN}, apart[2] = {0.0, 0.0};
    for (int side = 0; side < 2; side++) {
        const struct turn *const next = turn->next[side];
        const int32_t near = next ? turn->near[side][ray] : -1;
        if (near < 0) continue;
        there[side] = (double)at_range(&next->dbz, near, range_m);
        apart[side] = range_m * NWC__RADIANS *
                      fabs((double)next->sweep.elevation_deg[near] - (double)turn->sweep.elevation_deg[ray]);
    }
    lean[0] = nwc__wind_lean(here, there, apart, width_m);
    for (int side = 0; side < 2; side++) {
        const int64_t beside = place + (side ? 1 : -1);
        const bool known = beside >= 0 && beside < turn->sweep.n_rays;
        there[side] = known ? (double)at_range(&turn->dbz, turn->order[beside], range_m) : (double)NAN;
        apart[side] = turn->step * range_m;
    }
    lean[1] = turn->sweep.mode == NWC_SWEEP_RHI ? 0.0 : nwc__wind_lean(here, there, apart, width_m);
}

/* Sums over the gates of one mean. */
struct sums {
    double n, rays, x, y, z, u, v, w, value, square, quality, after_s, lean;
};

/* place: in the order of rays */
static void add_ray(const struct job *job, const struct turn *turn, int64_t place, int64_t first, int64_t end,
                    double middle, double limit, struct sums *sums)
{
    const int64_t ray = turn->order[place];
    double n = 0.0, gates = 0.0, value = 0.0, square = 0.0, dbz = 0.0, known = 0.0;
    for (int64_t g = first; g < end; g++) {
        const double v = (double)velocity_of(turn, ray, g);
        if (!(fabs(v - middle) <= limit)) continue;
        const float z = at_range(&turn->dbz, ray, range_of(&turn->velocity, (double)g));
        n += 1.0, gates += (double)g, value += v - middle, square += (v - middle) * (v - middle);
        if (z > (float)NWC_NOTHING_DBZ) known += 1.0, dbz += (double)z;
    }
    if (!(n > 0.0)) return;
    const double range_m = range_of(&turn->velocity, gates / n);
    const double azimuth = (double)turn->sweep.azimuth_deg[ray] * NWC__RADIANS, sine = sin(azimuth),
                 cosine = cos(azimuth);
    nwc__along along;
    nwc__beam_follow(turn->map->beam, (double)turn->sweep.elevation_deg[ray] * NWC__RADIANS, 1, &range_m, &along);
    const nwc__wind_spot spot = nwc__wind_map_look_up(turn->map, along.ground_m, sine, cosine);
    const double after_s = 1e-9 * (double)(turn->sweep.time_ns[ray] - job->time_ns), up = sin(along.angle);
    const double fall =
        nwc__wind_fall(known > 0.0 ? dbz / known : (double)NAN, along.height_m, job->options->freezing_m);
    const float quality = at_range(&turn->quality, ray, range_m);
    double lean[2];
    find_lean(turn, place, range_m, lean);
    sums->n += n, sums->rays += 1.0;
    sums->x += n * (spot.x + lean[1] * spot.along[1] - lean[0] * up * spot.along[0]);
    sums->y += n * (spot.y - lean[1] * spot.along[0] - lean[0] * up * spot.along[1]);
    sums->after_s += n * after_s;
    sums->z += n * (along.height_m + lean[0] * cos(along.angle) - job->frame->bottom_m);
    sums->lean += n * hypot(lean[0], lean[1]);
    sums->u += n * cos(along.angle) * spot.along[0];
    sums->v += n * cos(along.angle) * spot.along[1];
    sums->w += n * up;
    sums->value += value + n * (middle + fall * up);
    sums->square +=
        square - value * value / n; /* about the mean of the ray: what it changes from ray to ray is direction */
    sums->quality += n * (isnan(quality) ? 1.0 : fmin(fmax((double)quality, 0.0), 1.0));
}

/* The mean over gates first to before end of some places in the order of rays; false where there is none in the box. */
static bool mean_of(const struct job *job, const struct turn *turn, const int32_t *places, int64_t n_rays,
                    int64_t first, int64_t end, nwc__wind_datum *datum)
{
    const nwc_wind_options *const o = job->options;
    float values[MOST];
    int64_t n = 0;
    for (int64_t r = 0; r < n_rays; r++)
        for (int64_t g = first; g < end; g++) {
            const float v = velocity_of(turn, turn->order[places[r]], g);
            if (!isnan(v)) values[n++] = v;
        }
    if (n == 0) return false;
    double limit;
    const double middle = middle_of(values, n, o->gate_error_m_s, &limit);
    struct sums s = {0};
    for (int64_t r = 0; r < n_rays; r++) add_ray(job, turn, places[r], first, end, middle, limit, &s);
    if (!(s.n > 0.0) || !(s.quality / s.n >= LEAST_QUALITY)) return false;
    const double range_m = range_of(&turn->velocity, 0.5 * (double)(first + end - 1));
    const double hidden = BEAM_SHEAR * range_m * turn->map->width, leant = LEAN_SHEAR * s.lean / s.n;
    const double falls = o->fall_error_m_s * s.w / s.n;
    const double stated = o->gate_error_m_s * o->gate_error_m_s;
    const double shown = (STATED_GATES * stated + s.square) / (STATED_GATES + s.n - s.rays);
    const double variance =
        shown / s.n + o->place_error_m_s * o->place_error_m_s + hidden * hidden + leant * leant + falls * falls;
    *datum = (nwc__wind_datum){.x = (float)(s.x / s.n),
                               .y = (float)(s.y / s.n),
                               .z = (float)(s.z / s.n),
                               .u = (float)(s.u / s.n),
                               .v = (float)(s.v / s.n),
                               .w = (float)(s.w / s.n),
                               .value = (float)(s.value / s.n),
                               .weight = (float)(s.quality / s.n / variance),
                               .after_s = (float)(s.after_s / s.n),
                               .source = turn->source};
    return nwc__wind_inside(job->frame, datum, FARTHEST_STEP_M) && datum->z <= (float)TOP_M;
}

/* ---- tiles: some rays of a sweep ---- */

static const struct turn *turn_of(const struct job *job, int64_t tile)
{
    int64_t t = job->n_turns - 1;
    while (job->turns[t].first_tile > tile) t--;
    return &job->turns[t];
}

/* The data of a tile, or where data is NULL at most how many there are. */
static int64_t work(const struct job *job, int64_t tile, nwc__wind_datum *data)
{
    const struct turn *const turn = turn_of(job, tile);
    const int64_t first_ray = (tile - turn->first_tile) * RAYS, left = turn->sweep.n_rays - first_ray;
    const int64_t n_rays = left < RAYS ? left : RAYS, n_gates = turn->velocity.field.dim[1];
    int32_t places[RAYS];
    int64_t used = 0, n = 0;
    for (int64_t r = 0; r < n_rays; r++) {
        const int32_t ray = turn->order[first_ray + r];
        const double apart_s = 1e-9 * fabs((double)(turn->sweep.time_ns[ray] - job->time_ns));
        if (apart_s <= job->options->max_age_s && isfinite(turn->sweep.elevation_deg[ray]) &&
            isfinite(turn->sweep.azimuth_deg[ray]))
            places[used++] = (int32_t)(first_ray + r);
    }
    for (int64_t b = 0; b < turn->blocks; b++) {
        const int64_t first = b * turn->gates, end = first + turn->gates < n_gates ? first + turn->gates : n_gates;
        const double range_m = range_of(&turn->velocity, 0.5 * (double)(first + end - 1));
        if (!(range_m >= job->options->min_range_m && range_m <= job->options->max_range_m)) continue;
        const int64_t together = rays_at(job, turn, range_m);
        for (int64_t r = 0; r < used; r += together) {
            const int64_t m = used - r < together ? used - r : together;
            if (data)
                n += mean_of(job, turn, places + r, m, first, end, data + n);
            else
                for (int64_t c = 0; c < m * (end - first); c++)
                    if (!isnan(
                            velocity_of(turn, turn->order[places[r + c / (end - first)]], first + c % (end - first)))) {
                        n++;
                        break;
                    }
        }
    }
    return n;
}

static nwc_status count_tile(int64_t tile, void *user)
{
    struct job *const job = user;
    job->first[tile + 1] = work(job, tile, NULL);
    return NWC_OK;
}

static nwc_status fill_tile(int64_t tile, void *user)
{
    const struct job *const job = user;
    nwc__wind_datum *const data = job->data + job->first[tile];
    const int64_t room = job->first[tile + 1] - job->first[tile], n = work(job, tile, data);
    for (int64_t d = n; d < room; d++) data[d].source = -1; /* to be left out */
    return NWC_OK;
}

/* ---- sweeps ---- */

/* The middle step between rays by azimuth. */
static double step_of(const nwc_sweep *sweep)
{
    return 2.0 * NWC__PI / fmax((double)sweep->n_rays, 90.0);
}

static bool take_sweep(const struct job *job, const nwc_volume *volume, int32_t s, struct turn *turn)
{
    nwc_volume_sweep(volume, s, &turn->sweep);
    if (!nwc__find(volume, s, "VRADDH", &turn->velocity) && !nwc__find(volume, s, "VRADH", &turn->velocity))
        return false;
    nwc__find_dbz(volume, s, &turn->dbz);
    nwc__find(volume, s, "VCONF", &turn->confidence);
    nwc__find(volume, s, "QIND", &turn->quality);
    const double wanted = job->options->range_m > 0.0 ? job->options->range_m : fmin(job->frame->dx, job->frame->dy);
    const double gates = fmin(fmax(round(wanted / turn->velocity.gate_spacing_m), 1.0), (double)MOST_GATES);
    turn->gates = (int64_t)gates;
    turn->blocks = (turn->velocity.field.dim[1] + turn->gates - 1) / turn->gates;
    turn->step = step_of(&turn->sweep);
    return true;
}

/* Fill turns with the sweeps that have velocities, and return how many; NULL counts. */
static int64_t take_sweeps(const struct job *job, const nwc_volume *const *volumes, int32_t n_volumes,
                           const nwc__wind_map *maps, struct turn *turns)
{
    int64_t n = 0, tiles = 0;
    for (int32_t v = 0; v < n_volumes; v++) {
        nwc_volume_facts facts;
        nwc_volume_describe(volumes[v], &facts);
        for (int32_t s = 0; s < facts.n_sweeps; s++) {
            struct turn turn = {.source = v, .first_tile = tiles};
            if (!take_sweep(job, volumes[v], s, &turn)) continue;
            turn.map = maps ? &maps[v] : NULL;
            if (turns) turns[n] = turn;
            tiles += (turn.sweep.n_rays + RAYS - 1) / RAYS;
            n++;
        }
    }
    return n;
}

static nwc_status sort_rays(nwc_ctx *ctx, struct job *job)
{
    nwc_status status = NWC_OK;
    int64_t rays = 0, most = 0;
    nwc__ray_angle *scratch = NULL;
    for (int64_t t = 0; t < job->n_turns; t++) {
        const int64_t n = job->turns[t].sweep.n_rays;
        rays += n;
        if (n > most) most = n;
    }
    NWC__ALLOC(ctx, job->order, rays);
    NWC__ALLOC(ctx, scratch, most);
    rays = 0;
    for (int64_t t = 0; t < job->n_turns; t++) {
        struct turn *const turn = &job->turns[t];
        nwc__rays_sort(turn->sweep.azimuth_deg, turn->sweep.n_rays, scratch, job->order + rays);
        turn->order = job->order + rays;
        rays += turn->sweep.n_rays;
    }
    const struct turn *const last = &job->turns[job->n_turns - 1];
    job->tiles = last->first_tile + (last->sweep.n_rays + RAYS - 1) / RAYS;
done:
    nwc__free(ctx, scratch);
    return status;
}

/* The turns of one radar that are next below and above each, and their rays next to its own. */
static nwc_status find_neighbours(nwc_ctx *ctx, struct job *job)
{
    nwc_status status = NWC_OK;
    int64_t rays = 0;
    for (int64_t t = 0; t < job->n_turns; t++) rays += job->turns[t].sweep.n_rays;
    NWC__ALLOC(ctx, job->near, 2 * rays);
    rays = 0;
    for (int64_t t = 0; t < job->n_turns; t++) {
        struct turn *const turn = &job->turns[t];
        for (int side = 0; side < 2; side++) {
            double least = MOST_APART_DEG;
            turn->near[side] = job->near + rays;
            rays += turn->sweep.n_rays;
            for (int64_t o = 0; o < job->n_turns; o++) {
                const struct turn *const other = &job->turns[o];
                const double higher = other->sweep.fixed_angle_deg - turn->sweep.fixed_angle_deg;
                const double apart = side ? higher : -higher;
                if (other->source != turn->source || other->sweep.mode == NWC_SWEEP_RHI ||
                    turn->sweep.mode == NWC_SWEEP_RHI || !(apart > LEAST_APART_DEG && apart < least))
                    continue;
                least = apart, turn->next[side] = other;
            }
            if (turn->next[side]) nwc__nearest_rays(&turn->next[side]->sweep, &turn->sweep, NEAR_DEG, turn->near[side]);
        }
    }
done:
    return status;
}

static nwc_status fill(nwc_ctx *ctx, struct job *job, nwc__wind_list *list)
{
    nwc_status status;
    NWC__ALLOC(ctx, job->first, job->tiles + 1);
    if ((status = nwc__for_each_tile(ctx, NULL, job->tiles, count_tile, job)) != NWC_OK) goto done;
    job->first[0] = 0;
    for (int64_t t = 0; t < job->tiles; t++) job->first[t + 1] += job->first[t];
    if ((status = nwc__wind_list_extend(ctx, list, job->first[job->tiles])) != NWC_OK) goto done;
    job->data = list->data + list->n;
    if ((status = nwc__for_each_tile(ctx, "wind: gates", job->tiles, fill_tile, job)) != NWC_OK) goto done;
    for (int64_t d = 0; d < job->first[job->tiles]; d++)
        if (job->data[d].source >= 0) list->data[list->n++] = job->data[d];
done:
    return status;
}

nwc_status nwc__wind_add_volumes(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_volume *const *volumes,
                                 int32_t n_volumes, int64_t time_ns, const nwc_wind_options *options,
                                 nwc__wind_list *list)
{
    nwc_status status = NWC_OK;
    nwc__wind_map *maps = NULL;
    struct job job = {.frame = frame, .options = options, .time_ns = time_ns};
    job.n_turns = take_sweeps(&job, volumes, n_volumes, NULL, NULL);
    if (job.n_turns == 0) return NWC_OK;
    NWC__ALLOC(ctx, maps, n_volumes);
    memset(maps, 0, (size_t)n_volumes * sizeof *maps);
    NWC__ALLOC(ctx, job.turns, job.n_turns);
    for (int32_t v = 0; v < n_volumes; v++) {
        nwc_volume_facts facts;
        nwc_volume_describe(volumes[v], &facts);
        if ((status = nwc__wind_map_create(ctx, frame, &facts, options->max_range_m, &maps[v])) != NWC_OK) goto done;
    }
    take_sweeps(&job, volumes, n_volumes, maps, job.turns);
    if ((status = sort_rays(ctx, &job)) != NWC_OK) goto done;
    if ((status = find_neighbours(ctx, &job)) != NWC_OK) goto done;
    status = fill(ctx, &job, list);
done:
    nwc__free(ctx, job.first);
    nwc__free(ctx, job.near);
    nwc__free(ctx, job.order);
    nwc__free(ctx, job.turns);
    for (int32_t v = 0; maps && v < n_volumes; v++) nwc__wind_map_release(ctx, &maps[v]);
    nwc__free(ctx, maps);
    return status;
}
