#include "support/made_model.h"

enum { MOST_FORMULAS = 16, MOST_POINTS = 144 * 73 };

static formula_fn formulas[MOST_FORMULAS];

static nwc_status read_formula(void *state, nwc_ctx *ctx, const nwc__model_item *item, float *values)
{
    (void)state;
    static double x[MOST_POINTS], y[MOST_POINTS];
    const nwc_grid *const grid = item->entry.grid;
    const int64_t n = item->entry.points;
    for (int64_t p = 0; p < n; p++) {
        x[p] = grid->x_first + grid->dx * (double)(p % grid->nx);
        y[p] = grid->y_first + grid->dy * (double)(p / grid->nx);
    }
    NWC__TRY(nwc_grid_to_lonlat(ctx, grid, n, x, y, x, y));
    for (int64_t p = 0; p < n; p++) values[p] = (float)formulas[item->where](&item->entry, x[p], y[p]);
    return NWC_OK;
}

static nwc_status read_halves(void *state, const nwc__model_item *item, int64_t most, double *a, double *b,
                              int64_t *count)
{
    (void)item;
    const double *const halves = state;
    *count = halves ? MADE_HALVES : 0;
    for (int64_t k = 0; k < *count && k < most; k++) a[k] = halves[k], b[k] = halves[MADE_HALVES + k];
    return NWC_OK;
}

static void nothing(void *state)
{
    (void)state;
}

nwc_model *made_model(nwc_ctx *ctx, double *halves)
{
    nwc_model *model;
    if (nwc__model_create(nwc__ctx(ctx), &model) != NWC_OK) return NULL;
    const nwc__model_source source = {.read = read_formula, .hybrid = read_halves, .close = nothing, .state = halves};
    if (nwc__model_add_source(model, &source) == NWC_OK) return model;
    nwc_model_destroy(model);
    return NULL;
}

nwc_model_entry made_entry(const char *name, int32_t vertical, double level, int64_t lead, const nwc_grid *grid)
{
    return (nwc_model_entry){.name = name,
                             .units = "1",
                             .vertical = vertical,
                             .level = level,
                             .level_2 = NAN,
                             .time_ns = lead * INT64_C(3600000000000),
                             .start_ns = lead * INT64_C(3600000000000),
                             .statistic = "instant",
                             .member = NWC_MODEL_NO_MEMBER,
                             .grid = grid,
                             .points = grid->nx * grid->ny,
                             .discipline = -1,
                             .category = -1,
                             .number = -1};
}

nwc_status made_model_add(nwc_model *model, const nwc_model_entry *entry, formula_fn formula)
{
    int64_t f = 0;
    while (f < MOST_FORMULAS && formulas[f] && formulas[f] != formula) f++;
    assert_true(f < MOST_FORMULAS);
    formulas[f] = formula;
    return nwc__model_add(model, &(nwc__model_item){.entry = *entry, .scale = 1.0, .where = f});
}
