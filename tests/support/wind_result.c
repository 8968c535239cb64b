#include "support/wind_result.h"

#define RADIANS (3.14159265358979323846 / 180.0)

struct result *room_for(int64_t n, double dx, int64_t nz, double dz)
{
    struct result *const r = calloc(1, sizeof *r);
    for (int64_t k = 0; k < nz; k++) r->z[k] = dz * ((double)k + 0.5);
    r->grid = (nwc_grid){.projection = STORM_PROJECTION,
                         .nx = n,
                         .ny = n,
                         .x_first = -0.5 * dx * (double)(n - 1),
                         .y_first = -0.5 * dx * (double)(n - 1),
                         .dx = dx,
                         .dy = dx,
                         .nz = nz,
                         .z_m = r->z};
    r->cells = nz * n * n;
    for (int f = 0; f < 8; f++) {
        r->cell[f] = malloc((size_t)r->cells * sizeof(float));
        r->field[f] = (nwc_field){.data = r->cell[f],
                                  .ndim = 3,
                                  .dim = {nz, n, n},
                                  .stride = {n * n, n, 1},
                                  .missing = NAN,
                                  .units = f == 3 || f == 4 ? "s-1" : "m s-1",
                                  .grid = &r->grid};
    }
    r->bits = malloc((size_t)r->cells * sizeof(int32_t));
    r->sources = (nwc_labels){.data = r->bits, .ndim = 3, .dim = {nz, n, n}, .stride = {n * n, n, 1}};
    r->output = (nwc_wind_output){&r->field[0], &r->field[1], &r->field[2], &r->field[3], &r->field[4],
                                  &r->sources,  &r->field[5], &r->field[6], &r->field[7]};
    return r;
}

void let_go(struct result *r)
{
    for (int f = 0; f < 8; f++) free(r->cell[f]);
    free(r->bits);
    free(r);
}

double at(const struct result *r, int f, int64_t k, int64_t j, int64_t i)
{
    return (double)r->cell[f][(k * r->grid.ny + j) * r->grid.nx + i];
}

void lend_profile(struct profile *p, const struct result *r)
{
    for (int f = 0; f < 2; f++) {
        p->field[f] = r->field[f];
        p->field[f].data = f ? p->v : p->u;
        p->field[f].stride[0] = 1, p->field[f].stride[1] = p->field[f].stride[2] = 0;
    }
}

struct seen see_flow(const struct result *r, const double radar[3],
                     void (*flow)(double x, double y, double z, double wind[3]))
{
    const size_t bytes = (size_t)r->cells * sizeof(float);
    struct seen s = {malloc(bytes), malloc(bytes), malloc(bytes), {{0}}};
    for (int64_t c = 0; c < r->cells; c++) {
        const int64_t n = r->grid.nx;
        const double x = r->grid.x_first + (double)(c % n) * r->grid.dx - radar[0];
        const double y = r->grid.y_first + (double)(c / n % n) * r->grid.dy - radar[1], z = r->z[c / (n * n)];
        double wind[3];
        const double ground = hypot(x, y), elevation = atan2(z - radar[2], ground);
        flow(x + radar[0], y + radar[1], z, wind);
        s.azimuth[c] = (float)(atan2(x, y) / RADIANS), s.elevation[c] = (float)(elevation / RADIANS);
        s.velocity[c] = (float)((wind[0] * x + wind[1] * y) / ground * cos(elevation) + wind[2] * sin(elevation));
    }
    float *const arrays[3] = {s.velocity, s.azimuth, s.elevation};
    for (int f = 0; f < 3; f++) s.field[f] = r->field[0], s.field[f].data = arrays[f];
    return s;
}

void drop_seen(struct seen *seen)
{
    free(seen->velocity);
    free(seen->azimuth);
    free(seen->elevation);
}
