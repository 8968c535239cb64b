/* The wind from what there is: what is given is checked, brought into one box, solved for, and told. */
#include "wind/frame.h"
#include "wind/nest.h"
#include "wind/tendency.h"

#define WEAKEST_NORM 1e-30
#define STEERING_LOW_M 2e3 /* above the bottom */
#define STEERING_HIGH_M 6e3
#define PROFILE_M 500.0
#define BELOW_GROUND_M 2e3  /* the floor of the box, where ground is not flat: see ground.c */
#define HALVES 0.41421356   /* 1 / (1 + x)^2 is a half */
#define LEAST_CROSSING 0.05 /* share of the data */

enum {
    PROFILE_LEVELS = 24,
    OUTER = 4 /* rounds, of weights where large differences count less, and about the last wind */
};

void nwc_wind_options_init(nwc_wind_options *options)
{
    if (options)
        *options = (nwc_wind_options){.struct_size = sizeof *options,
                                      .motion_u_m_s = NAN,
                                      .motion_v_m_s = NAN,
                                      .max_age_s = 600.0,
                                      .min_range_m = 2e3,
                                      .max_range_m = 250e3,
                                      .gate_error_m_s = 1.0,
                                      .place_error_m_s = 0.3,
                                      .fall_error_m_s = 3.0,
                                      .change = 1.0,
                                      .freezing_m = 4000.0,
                                      .error_m_s = 2.5,
                                      .error_w_m_s = 3.0,
                                      .length_h_m = 6e3,
                                      .length_v_m = 3e3,
                                      .length_w_m = NAN,
                                      .order = 2,
                                      .ground_m = NAN,
                                      .lid_m = NAN,
                                      .ground_error_m_s = 0.1,
                                      .tolerance = 0.02,
                                      .iterations = 60};
}

/* A number of the options, and what it may be; from and to included, where they are not infinite. */
struct range {
    const char *name;
    double value, from, to;
    bool above; /* from itself is none */
};

static nwc_status check_options(const nwc_wind_options *o)
{
    const bool moves = !isnan(o->motion_u_m_s) || !isnan(o->motion_v_m_s); /* else it is to be found */
    const struct range ranges[] = {{"motion_u_m_s", moves ? o->motion_u_m_s : 0.0, -100.0, 100.0, false},
                                   {"motion_v_m_s", moves ? o->motion_v_m_s : 0.0, -100.0, 100.0, false},
                                   {"max_age_s", o->max_age_s, 0.0, 86400.0, true},
                                   {"min_range_m", o->min_range_m, 0.0, 1e6, false},
                                   {"max_range_m", o->max_range_m, o->min_range_m, 1e6, true},
                                   {"gate_error_m_s", o->gate_error_m_s, 0.0, 100.0, true},
                                   {"place_error_m_s", o->place_error_m_s, 0.0, 100.0, false},
                                   {"fall_error_m_s", o->fall_error_m_s, 0.0, 100.0, false},
                                   {"change", o->change, 0.0, 10.0, false},
                                   {"range_m", o->range_m, 0.0, 1e5, false},
                                   {"freezing_m", o->freezing_m, -1e4, 2e4, false},
                                   {"error_m_s", o->error_m_s, 0.0, 1000.0, true},
                                   {"error_w_m_s", o->error_w_m_s, 0.0, 1000.0, true},
                                   {"length_h_m", o->length_h_m, 0.0, 1e6, true},
                                   {"length_v_m", o->length_v_m, 0.0, 1e6, true},
                                   {"length_w_m", isnan(o->length_w_m) ? 1.0 : o->length_w_m, 0.0, 1e6, true},
                                   {"density_scale_m", o->density_scale_m, 0.0, (double)INFINITY, false},
                                   {"tolerance", o->tolerance, 0.0, 1.0, false},
                                   {"robust", o->robust, 0.0, 1e6, false},
                                   {"ground_error_m_s", o->ground_error_m_s, 0.0, 100.0, true},
                                   {"tendency_error_s2", o->tendency_error_s2, 0.0, 1.0, false}};
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
        const struct range *const x = &ranges[r];
        if (!(x->value >= x->from && x->value <= x->to && (!x->above || x->value > x->from)))
            return nwc__fail(NWC_ERR_ARG, "%s: %s%g to %g expected, %g given", x->name, x->above ? "above " : "",
                             x->from, x->to, x->value);
    }
    if (o->order != 2 && o->order != 4)
        return nwc__fail(NWC_ERR_ARG, "order: 2 or 4 expected, %d given", (int)o->order);
    if (o->iterations < 0)
        return nwc__fail(NWC_ERR_ARG, "iterations: 0 or more expected, %d given", (int)o->iterations);
    return NWC_OK;
}

static nwc_status check_3d(const nwc_field *field, const char *name, const nwc_grid *grid)
{
    NWC__TRY(nwc__check_field(field, name, 3));
    if (field->dim[0] != grid->nz || field->dim[1] != grid->ny || field->dim[2] != grid->nx)
        return nwc__fail(NWC_ERR_ARG, "%s: the grid's %lld x %lld x %lld cells expected, %lld x %lld x %lld given",
                         name, (long long)grid->nz, (long long)grid->ny, (long long)grid->nx, (long long)field->dim[0],
                         (long long)field->dim[1], (long long)field->dim[2]);
    return NWC_OK;
}

static nwc_status check_gridded(nwc_ctx *ctx, const nwc_wind_gridded *g, int32_t index)
{
    const nwc_field *const fields[4] = {g->velocity, g->azimuth_deg, g->elevation_deg, g->dbz};
    static const char *const names[4] = {"velocity", "azimuth_deg", "elevation_deg", "dbz"};
    NWC__TRY(nwc__check_field(g->velocity, "velocity", 3));
    NWC__TRY(nwc__check_on_grid(ctx, g->velocity, "velocity"));
    if (g->velocity->grid->nz != g->velocity->dim[0])
        return nwc__fail(NWC_ERR_ARG, "gridded[%d]: %lld levels of its grid expected, %lld given", (int)index,
                         (long long)g->velocity->grid->nz, (long long)g->velocity->dim[0]);
    for (int f = 1; f < 4; f++)
        if (f < 3 || fields[f]) NWC__TRY(check_3d(fields[f], names[f], g->velocity->grid));
    if (!(g->error_m_s >= 0.0) || !isfinite(g->age_s))
        return nwc__fail(NWC_ERR_ARG, "gridded[%d]: an error of 0 or more and an age expected, %g and %g given",
                         (int)index, g->error_m_s, g->age_s);
    return NWC_OK;
}

static nwc_status check_ground(const nwc_field *ground, const nwc_grid *grid, double *lowest_m)
{
    NWC__TRY(nwc__check_field(ground, "ground", 2));
    if (ground->dim[0] != grid->ny || ground->dim[1] != grid->nx)
        return nwc__fail(NWC_ERR_ARG, "ground: the grid's %lld x %lld columns expected, %lld x %lld given",
                         (long long)grid->ny, (long long)grid->nx, (long long)ground->dim[0],
                         (long long)ground->dim[1]);
    *lowest_m = fmin(*lowest_m, nwc__wind_lowest_ground(ground) - BELOW_GROUND_M);
    return NWC_OK;
}

static nwc_status check_input(nwc_ctx *ctx, const nwc_wind_input *input, const nwc_grid *grid, double *lowest_m)
{
    const int most = NWC_WIND_MOST_SOURCES - 1 - (input->ground != NULL);
    if (input->n_volumes < 0 || input->n_gridded < 0 || input->n_points < 0 ||
        input->n_volumes + input->n_gridded > most)
        return nwc__fail(NWC_ERR_ARG, "input: 0 to %d radars expected, %d and %d given", most, (int)input->n_volumes,
                         (int)input->n_gridded);
    if ((input->n_gridded && !input->gridded) || (input->n_points && !input->points))
        return nwc__fail(NWC_ERR_ARG, "input: gridded velocities and points expected, NULL given for one of them");
    for (int32_t v = 0; v < input->n_volumes; v++) {
        nwc_volume_facts facts;
        if (!input->volumes || !input->volumes[v])
            return nwc__fail(NWC_ERR_ARG, "volumes[%d]: a volume expected, NULL given", (int)v);
        NWC__TRY(nwc_volume_describe(input->volumes[v], &facts));
        if (!isfinite(facts.latitude_deg + facts.longitude_deg + facts.altitude_m))
            return nwc__fail(NWC_ERR_ARG, "volumes[%d]: latitude, longitude and altitude expected, one is not known",
                             (int)v);
        *lowest_m = fmin(*lowest_m, facts.altitude_m);
    }
    for (int32_t g = 0; g < input->n_gridded; g++) NWC__TRY(check_gridded(ctx, &input->gridded[g], g));
    if (input->ground) NWC__TRY(check_ground(input->ground, grid, lowest_m));
    for (int64_t p = 0; p < input->n_points; p++)
        if (!(input->points[p].error_m_s > 0.0))
            return nwc__fail(NWC_ERR_ARG, "points[%lld]: an error above 0 expected, %g given", (long long)p,
                             input->points[p].error_m_s);
    if (!input->background_u != !input->background_v)
        return nwc__fail(NWC_ERR_ARG, "background: u and v expected, or neither");
    const nwc_field *const fields[3] = {input->background_u, input->background_v, input->background_w};
    static const char *const names[3] = {"background_u", "background_v", "background_w"};
    for (int f = 0; f < 3; f++)
        if (fields[f]) NWC__TRY(check_3d(fields[f], names[f], grid));
    for (int64_t k = 0; input->background_error_m_s && k < grid->nz; k++)
        if (!(input->background_error_m_s[k] > 0.0))
            return nwc__fail(NWC_ERR_ARG, "background_error_m_s: above 0 expected, %g given as number %lld",
                             input->background_error_m_s[k], (long long)k);
    return NWC_OK;
}

static nwc_status check_output(const nwc_wind_output *output)
{
    if (!output || !output->u || !output->u->grid) return nwc__fail(NWC_ERR_ARG, "output: fields with a grid expected");
    const nwc_field *const fields[8] = {output->u,         output->v,       output->w,       output->divergence,
                                        output->vorticity, output->error_u, output->error_v, output->error_w};
    static const char *const names[8] = {"u", "v", "w", "divergence", "vorticity", "error_u", "error_v", "error_w"};
    for (int f = 0; f < 8; f++)
        if (f < 3 || fields[f]) NWC__TRY(check_3d(fields[f], names[f], output->u->grid));
    if (!output->sources) return NWC_OK;
    NWC__TRY(nwc__check_labels(output->sources, "sources", 3));
    for (int d = 0; d < 3; d++)
        if (output->sources->dim[d] != output->u->dim[d])
            return nwc__fail(NWC_ERR_ARG, "sources: the cells of u expected, other given");
    return NWC_OK;
}

/* ---- one retrieval ---- */

struct retrieval {
    const nwc_wind_input *input;
    const nwc_wind_options *options;
    nwc__wind_frame frame;
    nwc__wind_list list;
    nwc__wind_data data;
    nwc__wind_nest nest;
    nwc__wind_tendency tendency;
    double *error_h, *error_w;
    nwc__real *before, *after; /* H of background and wind, in the order of the data */
    float *weight;             /* of the data as they were given */
    float *known;              /* what they tell of each cell, then errors */
    nwc__wind_outcome outcome;
    nwc_wind_report report;
    int32_t ground; /* the source of what is known at it; -1 without */
};

static nwc_status gather(nwc_ctx *ctx, struct retrieval *r, int64_t time_ns)
{
    const nwc_wind_input *const input = r->input;
    const int32_t first_gridded = input->n_volumes, points = first_gridded + input->n_gridded;
    NWC__TRY(nwc__wind_add_volumes(ctx, &r->frame, input->volumes, input->n_volumes, time_ns, r->options, &r->list));
    for (int32_t g = 0; g < input->n_gridded; g++)
        NWC__TRY(nwc__wind_add_gridded(ctx, &r->frame, &input->gridded[g], first_gridded + g, r->options, &r->list));
    NWC__TRY(nwc__wind_add_points(ctx, &r->frame, input->points, input->n_points, points, &r->list));
    r->report.n_sources = points + (input->n_points > 0);
    r->ground = input->ground ? r->report.n_sources++ : -1;
    return NWC_OK;
}

/* The mean wind of the data from STEERING_LOW_M to STEERING_HIGH_M, by which storms move where their motion is not told. */
static nwc_status find_motion(nwc_ctx *ctx, struct retrieval *r)
{
    double u[PROFILE_LEVELS], v[PROFILE_LEVELS], n = 0.0;
    r->report.motion_u_m_s = r->report.motion_v_m_s = 0.0;
    if (r->list.n == 0) return NWC_OK;
    NWC__TRY(nwc__wind_fit_profile(ctx, PROFILE_LEVELS, PROFILE_M, &r->list, u, v));
    for (int k = 0; k < PROFILE_LEVELS; k++) {
        const double height = ((double)k + 0.5) * PROFILE_M;
        if (height < STEERING_LOW_M || height > STEERING_HIGH_M) continue;
        r->report.motion_u_m_s += u[k], r->report.motion_v_m_s += v[k], n += 1.0;
    }
    r->report.motion_u_m_s /= n, r->report.motion_v_m_s /= n;
    return NWC_OK;
}

/* Each datum to where the storm takes it by the time of the wind; what then lies outside is dropped. */
static nwc_status bring_to_one_time(nwc_ctx *ctx, struct retrieval *r)
{
    int64_t n = 0;
    r->report.motion_u_m_s = r->options->motion_u_m_s, r->report.motion_v_m_s = r->options->motion_v_m_s;
    if (isnan(r->options->motion_u_m_s)) NWC__TRY(find_motion(ctx, r));
    for (int64_t d = 0; d < r->list.n; d++) {
        nwc__wind_datum datum = r->list.data[d];
        datum.x = (float)((double)datum.x - (double)datum.after_s * r->report.motion_u_m_s);
        datum.y = (float)((double)datum.y - (double)datum.after_s * r->report.motion_v_m_s);
        if (nwc__wind_inside(&r->frame, &datum, 0.0)) r->list.data[n++] = datum;
    }
    r->list.n = n;
    return NWC_OK;
}

/* The lid above the data, or the data below the lid. */
static void close_box(struct retrieval *r)
{
    double top = 0.0;
    int64_t n = 0;
    for (int64_t d = 0; d < r->list.n; d++) top = fmax(top, (double)r->list.data[d].z);
    nwc__wind_frame_close(&r->frame, r->options->lid_m, r->list.n ? r->frame.bottom_m + top : -INFINITY);
    const double lid = (double)r->frame.nz * r->frame.dz;
    if (top > lid) r->report.flags |= NWC_WIND_LOW_LID;
    for (int64_t d = 0; d < r->list.n; d++)
        if ((double)r->list.data[d].z <= lid) r->list.data[n++] = r->list.data[d];
    r->list.n = n;
    r->report.n = n;
    r->report.bottom_m = r->frame.bottom_m, r->report.lid_m = r->frame.bottom_m + lid;
}

static nwc_status make_nest(nwc_ctx *ctx, struct retrieval *r)
{
    nwc_status status = NWC_OK;
    const nwc__wind_frame *const f = &r->frame;
    const nwc_wind_options *const o = r->options;
    NWC__ALLOC(ctx, r->error_h, f->nz);
    NWC__ALLOC(ctx, r->error_w, f->nz);
    for (int64_t k = 0; k < f->nz; k++) {
        const int64_t from = k - f->first_k, level = from < 0 ? 0 : from >= f->grid->nz ? f->grid->nz - 1 : from;
        r->error_h[k] = r->input->background_error_m_s ? r->input->background_error_m_s[level] : o->error_m_s;
        r->error_w[k] = o->error_w_m_s;
    }
    const double length_w = isnan(o->length_w_m) ? o->length_v_m : o->length_w_m;
    const double part = o->order == 4 ? 1.0 / 3.0 : 1.0; /* a power of four reaches about three times as far */
    const nwc__wind_setting setting = {.n = {f->nx, f->ny, f->nz},
                                       .d = {f->dx, f->dy, f->dz},
                                       .bottom_m = f->bottom_m,
                                       .scale_m = o->density_scale_m,
                                       .order = o->order,
                                       .reach = {{part * o->length_h_m, part * o->length_v_m},
                                                 {part * o->length_h_m, part * length_w}},
                                       .error_h = r->error_h,
                                       .error_w = r->error_w};
    status = nwc__wind_nest_create(ctx, &setting, &r->nest);
done:
    return status;
}

/*
 * Weights of Geman and McClure (1987): a difference of so many errors counts half as much, one of ten times as many less than a thousandth.
 * Milder ones do not do: folds come in patches, and data are so dense that those of a patch outweigh the background at a hundredth
 * of their weight. doubt: variance of the wind they are from, of which r->after is what it predicts.
 */
static void weigh(struct retrieval *r, double doubt)
{
    const double square = r->options->robust * r->options->robust;
    for (int64_t d = 0; d < r->data.n; d++) {
        if (r->data.data[d].source == r->ground) continue;
        const double away = (double)r->data.data[d].value - (double)r->after[d], weight = (double)r->weight[d];
        const double part = 1.0 + HALVES * away * away / (square * (1.0 / weight + doubt));
        r->data.data[d].weight = (float)(weight / (part * part));
    }
}

/* Once more, with what the last wind says of the weights of data and of the tendency of vorticity. */
static nwc_status go_round(nwc_ctx *ctx, struct retrieval *r)
{
    const nwc__wind_level *const fine = &r->nest.level[0];
    const nwc_wind_options *const o = r->options;
    const double motion[2] = {r->report.motion_u_m_s, r->report.motion_v_m_s};
    const bool robust = o->robust > 0.0, turns = o->tendency_error_s2 > 0.0;
    if (turns) NWC__TRY(nwc__wind_tendency_create(ctx, &fine->box, motion, o->tendency_error_s2, &r->tendency));
    for (int round = 0; (robust || turns) && round < OUTER && r->data.n; round++) {
        double *const rms = round ? &r->report.tendency_after : &r->report.tendency_before;
        NWC__TRY(nwc__wind_predict(ctx, &fine->box, &r->data, fine->wind, r->after));
        if (robust) weigh(r, 0.0);
        if (turns) NWC__TRY(nwc__wind_tendency_begin(ctx, &r->tendency, fine->wind, rms));
        NWC__TRY(nwc__wind_nest_refine(ctx, &r->nest, &r->data, turns ? &r->tendency : NULL, o->iterations,
                                       o->tolerance, &r->outcome));
        r->report.iterations += r->outcome.iterations;
    }
    if (turns) NWC__TRY(nwc__wind_tendency_begin(ctx, &r->tendency, fine->wind, &r->report.tendency_after));
    return NWC_OK;
}

static nwc_status solve(nwc_ctx *ctx, struct retrieval *r)
{
    nwc_status status = NWC_OK;
    const nwc__wind_level *const fine = &r->nest.level[0];
    NWC__ALLOC(ctx, r->before, r->data.n);
    NWC__ALLOC(ctx, r->after, r->data.n);
    NWC__ALLOC(ctx, r->weight, r->data.n);
    for (int64_t d = 0; d < r->data.n; d++) r->weight[d] = r->data.data[d].weight;
    if (r->options->robust >
        0.0) { /* from the background, or what does not belong would draw the wind to itself at once */
        if ((status = nwc__wind_predict(ctx, &fine->box, &r->data, fine->background, r->after)) != NWC_OK) goto done;
        weigh(r, r->options->error_m_s * r->options->error_m_s);
    }
    NWC__TRY(nwc__wind_nest_solve(ctx, &r->nest, &r->data, r->options->iterations, r->options->tolerance, &r->outcome,
                                  &r->report.coarse));
    r->report.iterations = r->outcome.iterations;
    NWC__TRY(go_round(ctx, r));
    NWC__TRY(nwc__wind_predict(ctx, &fine->box, &r->data, fine->background, r->before));
    NWC__TRY(nwc__wind_predict(ctx, &fine->box, &r->data, fine->wind, r->after));
    status = nwc__wind_largest_divergence(ctx, fine->projection, fine->wind, &r->report.divergence);
done:
    return status;
}

/* What the background is off by, as the data have it, over what was stated; data that count less do so here. */
static double background_of(const struct retrieval *r)
{
    double seen = 0.0, stated = 0.0;
    for (int64_t o = 0; o < r->data.n; o++) {
        const nwc__wind_datum *const d = &r->data.data[o];
        const double before = (double)d->value - (double)r->before[o], weight = (double)r->weight[o];
        const double counts = (double)d->weight / weight;
        const int64_t k = (int64_t)((double)d->z / r->frame.dz), last = r->frame.nz - 1;
        const double error = r->error_h[k < last ? k : last];
        seen += counts * (before * before - 1.0 / weight);
        stated += counts * (double)(d->u * d->u + d->v * d->v) * error * error;
    }
    return stated > 0.0 ? seen / stated : 1.0;
}

/* What the data tell of each cell, and from that errors where they are asked for. */
static nwc_status find_errors(nwc_ctx *ctx, struct retrieval *r, const nwc_wind_output *output)
{
    nwc_status status = NWC_OK;
    const nwc__wind_level *const fine = &r->nest.level[0];
    NWC__ALLOC(ctx, r->known, NWC__WIND_KNOWN * fine->box.cells);
    NWC__TRY(nwc__wind_know(ctx, &fine->prior, &r->data, fine->background, fine->wind, r->options->change, r->known));
    if (r->data.n && nwc__wind_crossing(&fine->box, &r->data, r->known) < LEAST_CROSSING)
        r->report.flags |= NWC_WIND_NO_CROSSING;
    if (!output->error_u && !output->error_v && !output->error_w) goto done;
    nwc__wind_tally tally = {.n = (double)r->data.n,
                             .background = background_of(r),
                             .fall_m_s = r->options->fall_error_m_s};
    tally.cost = r->data.n ? (r->outcome.cost_data + r->outcome.cost_prior) / tally.n : 1.0;
    status = nwc__wind_errors(ctx, &fine->prior, &tally, r->known);
done:
    return status;
}

static void tell_sources(struct retrieval *r)
{
    nwc_wind_source *const sources = r->report.sources;
    for (int64_t d = 0; d < r->data.n; d++) {
        nwc_wind_source *const s = &sources[r->data.data[d].source];
        const double value = (double)r->data.data[d].value;
        const double before = value - (double)r->before[d], after = value - (double)r->after[d];
        s->n++;
        s->error += 1.0 / (double)r->weight[d];
        s->before += before * before, s->after += after * after;
        s->bias_before += before, s->bias_after += after;
    }
    int32_t radars = 0, others = 0;
    for (int32_t k = 0; k < r->report.n_sources; k++) {
        nwc_wind_source *const s = &sources[k];
        const double n = s->n ? (double)s->n : (double)NAN;
        s->error = sqrt(s->error / n);
        s->before = sqrt(s->before / n), s->after = sqrt(s->after / n);
        s->bias_before /= n, s->bias_after /= n;
        if (s->n && k != r->ground) *(k < r->input->n_volumes + r->input->n_gridded ? &radars : &others) += 1;
    }
    if (radars == 1 && others == 0) r->report.flags |= NWC_WIND_ONE_SOURCE;
}

/* Whether the least cost was come near enough to, and what the report says of it. */
static bool tell(struct retrieval *r)
{
    nwc_wind_report *const report = &r->report;
    const nwc__wind_outcome *const o = &r->outcome;
    report->gradient = o->first > WEAKEST_NORM ? o->last / o->first : 0.0;
    report->cost_data = o->cost_data, report->cost_background = o->cost_prior;
    tell_sources(r);
    const bool converged = report->gradient <= r->options->tolerance;
    if (!converged) report->flags |= NWC_WIND_NOT_CONVERGED;
    if (report->n == 0) report->flags |= NWC_WIND_NO_DATA;
    return converged;
}

static void blank(const nwc_wind_output *output)
{
    nwc_field *const fields[8] = {output->u,         output->v,       output->w,       output->divergence,
                                  output->vorticity, output->error_u, output->error_v, output->error_w};
    for (int64_t k = 0; k < output->u->dim[0]; k++)
        for (int64_t j = 0; j < output->u->dim[1]; j++)
            for (int64_t i = 0; i < output->u->dim[2]; i++) {
                for (int f = 0; f < 8; f++)
                    if (fields[f])
                        fields[f]
                            ->data[k * fields[f]->stride[0] + j * fields[f]->stride[1] + i * fields[f]->stride[2]] =
                            NAN;
                const nwc_labels *const s = output->sources;
                if (s) s->data[k * s->stride[0] + j * s->stride[1] + i * s->stride[2]] = 0;
            }
}

nwc_status nwc_wind_retrieve(nwc_ctx *ctx, const nwc_wind_input *input, int64_t time_ns, const nwc_wind_options *given,
                             const nwc_wind_output *output, nwc_wind_report *report)
{
    ctx = nwc__ctx(ctx);
    nwc_wind_options options;
    double lowest_m = INFINITY;
    nwc_wind_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));
    NWC__TRY(check_output(output));
    if (!input) return nwc__fail(NWC_ERR_ARG, "input: an nwc_wind_input expected, NULL given");
    NWC__TRY(check_input(ctx, input, output->u->grid, &lowest_m));
    struct retrieval r = {.input = input, .options = &options};
    NWC__TRY(nwc__wind_frame_create(ctx, output->u->grid, &options, lowest_m, &r.frame));
    nwc_status status = gather(ctx, &r, time_ns);
    if (status != NWC_OK) goto done;
    if ((status = bring_to_one_time(ctx, &r)) != NWC_OK) goto done;
    if (input->ground) nwc__wind_leave_ground(&r.frame, input->ground, &r.list);
    close_box(&r);
    if ((status = make_nest(ctx, &r)) != NWC_OK) goto done;
    if ((status = nwc__wind_background(ctx, &r.frame, &r.nest.level[0].box, input, &r.list, r.nest.level[0].background,
                                       &r.report.flags)) != NWC_OK)
        goto done;
    if (input->ground && (status = nwc__wind_add_ground(ctx, &r.frame, input->ground, options.ground_error_m_s,
                                                        r.ground, &r.list)) != NWC_OK)
        goto done;
    if ((status = nwc__wind_data_create(ctx, &r.nest.level[0].box, r.list.data, r.list.n, &r.data)) != NWC_OK)
        goto done;
    if ((status = solve(ctx, &r)) != NWC_OK) goto done;
    if ((status = find_errors(ctx, &r, output)) != NWC_OK) goto done;
    const bool converged = tell(&r);
    if (report) *report = r.report;
    if (r.report.flags & NWC_WIND_NO_BACKGROUND) {
        blank(output);
        status = nwc__fail(NWC_ERR_NODATA, "input: an observation or a background expected, there is neither");
        goto done;
    }
    if ((status = nwc__wind_output(ctx, &r.frame, &r.nest.level[0].box, &r.data, r.nest.level[0].wind, r.known,
                                   input->ground, output)) != NWC_OK)
        goto done;
    if (!converged)
        status =
            nwc__fail(NWC_ERR_CONVERGENCE, "wind: the gradient is %.3g of that at the background after %d iterations",
                      r.report.gradient, (int)r.report.iterations);
done:
    nwc__free(ctx, r.known);
    nwc__free(ctx, r.weight);
    nwc__free(ctx, r.after);
    nwc__free(ctx, r.before);
    nwc__wind_data_release(ctx, &r.data);
    nwc__wind_tendency_release(ctx, &r.tendency);
    nwc__wind_nest_release(ctx, &r.nest);
    nwc__free(ctx, r.error_w);
    nwc__free(ctx, r.error_h);
    nwc__free(ctx, r.list.data);
    return status;
}
