#include "support/made_rain.h"

nwc_grid rain_grid(int64_t ny, int64_t nx)
{
    return (nwc_grid){.projection = "+proj=laea +lat_0=0 +lon_0=0 +R=6371000",
                      .nx = nx,
                      .ny = ny,
                      .x_first = -500.0 * (double)(nx - 1),
                      .y_first = -500.0 * (double)(ny - 1),
                      .dx = 1000.0,
                      .dy = 1000.0};
}

float *cells(int64_t n)
{
    float *const made = calloc((size_t)n, sizeof *made);
    assert_non_null(made);
    return made;
}

float *aligned(int64_t n)
{
    float *const made = aligned_alloc(64, (size_t)(n + 15) / 16 * 64);
    assert_non_null(made);
    return made;
}

float noise(uint32_t n)
{
    n = (n ^ 61u) ^ (n >> 16), n *= 9u, n ^= n >> 4, n *= 0x27d4eb2du, n ^= n >> 15;
    return (float)(n >> 8) / 16777216.0f;
}

int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

bool same_bits(const float *a, const float *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

float showers(double y, double x)
{
    double rain = 0.0;
    for (int k = 0; k < 40; k++) {
        const double dy = y - 150.0 * (double)noise((uint32_t)(3 * k)),
                     dx = x - 300.0 * (double)noise((uint32_t)(7 * k));
        const double size = 2.0 + 12.0 * (double)noise((uint32_t)(11 * k));
        rain += 20.0 * (double)noise((uint32_t)(13 * k)) * exp(-0.5 * (dy * dy + dx * dx) / (size * size));
    }
    return rain > 0.3 ? (float)rain : 0.0f;
}
