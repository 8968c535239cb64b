/* What steps on volumes share: rays in the order of an angle, and where a gate is. */
#include "radar/ray_places.h"

#include <stdlib.h>

static int by_angle(const void *a, const void *b)
{
    const nwc__ray_angle *const p = a, *const q = b;
    return p->angle != q->angle ? (p->angle > q->angle) - (p->angle < q->angle) : (p->ray > q->ray) - (p->ray < q->ray);
}

void nwc__rays_sort(const float *angle_deg, int64_t n, nwc__ray_angle *scratch, int32_t *order)
{
    for (int64_t i = 0; i < n; i++) scratch[i] = (nwc__ray_angle){angle_deg[i], (int32_t)i};
    qsort(scratch, (size_t)n, sizeof *scratch, by_angle);
    for (int64_t i = 0; i < n; i++) order[i] = scratch[i].ray;
}

nwc__gate_place nwc__gate_place_of(double altitude_m, double sine, double cosine, double range_m)
{
    const double antenna = NWC__EFFECTIVE_EARTH_M + altitude_m;
    const double up = antenna + range_m * sine, along = range_m * cosine, radius = sqrt(up * up + along * along);
    return (nwc__gate_place){.height_m = radius - NWC__EFFECTIVE_EARTH_M,
                             .sin_el = (sine * up + cosine * along) / radius,
                             .cos_el = (cosine * up - sine * along) / radius};
}

double nwc__gate_ground(double altitude_m, double sine, double cosine, double range_m)
{
    return NWC__EFFECTIVE_EARTH_M * atan2(range_m * cosine, NWC__EFFECTIVE_EARTH_M + altitude_m + range_m * sine);
}
