/*
 * Models of growth: text as it is given, and text behind the head of a good model, so that inputs, layers and units are reached. What is
 * read corrects a small forecast, whose cells must be finite and not below 0.
 */
#include "fuzz.h"

#include <nowcast/nowcast.h>

#include <math.h>
#include <stdlib.h>

enum { N = 9, FRAMES = 3, MOST = 1 << 16 };

static const char head[] =
    "nowcast growth 1\nmodel a\nbase mean\ninput rain_8 0.5 0.5\ninput lead 1 1\nlayer 2\nunit 0 1 1\n";

static void correct(const nwc_growth_model *model)
{
    static const nwc_grid plane = {.projection = "+proj=eqc +R=6371000", .nx = N, .ny = N, .dx = 1000.0, .dy = 1000.0};
    static const int64_t times_ns[FRAMES] = {0, INT64_C(300000000000), INT64_C(600000000000)};
    static const double lead_s = 1800.0;
    float cells[FRAMES + 3][N * N];
    nwc_field field[FRAMES + 3];
    for (int f = 0; f < FRAMES + 3; f++) {
        for (int c = 0; c < N * N; c++) cells[f][c] = f < FRAMES ? (float)(c % 7) * (float)(f + 1) : 2.0F;
        field[f] =
            (nwc_field){.data = cells[f], .ndim = 2, .dim = {N, N}, .stride = {N, 1}, .missing = NAN, .grid = &plane};
    }
    nwc_field *const base = &field[FRAMES + 2];
    *base =
        (nwc_field){.data = cells[FRAMES + 2], .ndim = 3, .dim = {1, N, N}, .stride = {N * N, N, 1}, .missing = NAN};
    if (nwc_forecast_growth(NULL, model, field, times_ns, FRAMES, &field[FRAMES], &field[FRAMES + 1], &lead_s, 1, base,
                            NULL, base) != NWC_OK)
        abort();
    for (int c = 0; c < N * N; c++)
        if (!(cells[FRAMES + 2][c] >= 0.0F) || isinf(cells[FRAMES + 2][c])) abort();
}

static void read_model(const char *text, size_t size)
{
    nwc_growth_model *model = NULL;
    if (nwc_growth_model_read(NULL, text, (int64_t)size, &model) == NWC_OK) correct(model);
    nwc_growth_model_destroy(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size > MOST) return 0;
    char *const text = malloc(sizeof head + size);
    if (!text) return 0;
    memcpy(text, bytes, size);
    read_model(text, size);
    memcpy(text, head, sizeof head - 1);
    if (size > 0) memcpy(text + sizeof head - 1, bytes, size);
    read_model(text, sizeof head - 1 + size);
    free(text);
    return 0;
}
