/* Rays of a sweep beside each other, whatever gates of each are held, and rays above and below them. */
#include "radar/dealias_rows.h"
#include "radar/beam.h"

#define SAME_AZIMUTH 1.5 /* degrees between rays of two sweeps */

const float *nwc__fold_line(const nwc__fold_sweep *s, const float *cells, int64_t ray, bool there, int64_t first,
                            int64_t end, float *line)
{
    const float *const own = cells + s->row[ray];
    if (there && s->from[ray] <= first && s->to[ray] >= end) return own + first;
    const int64_t from = !there || s->from[ray] > end ? end : s->from[ray] > first ? s->from[ray] : first;
    const int64_t to = s->to[ray] < end ? s->to[ray] : end;
    for (int64_t g = first; g < from; g++) line[g - first] = NAN;
    if (from < to) memcpy(line + from - first, own + from, (size_t)(to - from) * sizeof *line);
    for (int64_t g = to > from ? to : from; g < end; g++) line[g - first] = NAN;
    return line;
}

int32_t nwc__fold_jumps(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels, int64_t ray, float most,
                        float *line, uint8_t *jump)
{
    const int64_t from = s->from[ray], n = s->to[ray] - from, next = nwc__fold_ray_after(s, ray);
    if (n == 0) return 0;
    const float *const own = s->unfolded + s->row[ray] + from;
    return kernels->jumps(n, own,
                          nwc__fold_line(s, s->unfolded, next, s->near[ray] && next != ray, from, from + n, line),
                          most * s->nyquist_m_s[ray], jump + s->row[ray] + from);
}

/* The ray of a sweep nearest to an azimuth, or -1 where none is near. From is where to look first. */
static int64_t ray_near(const nwc__fold_sweep *s, double azimuth, int64_t from)
{
    int64_t best = -1;
    double least = SAME_AZIMUTH;
    for (int64_t step = -2; step <= s->n_rays + 2; step++) {
        const int64_t r = ((from + step) % s->n_rays + s->n_rays) % s->n_rays;
        const double apart = fabs(remainder((double)s->azimuth_deg[r] - azimuth, 360.0));
        if (apart < least) {
            least = apart;
            best = r;
        } else if (best >= 0 && apart > least + 1.0) {
            break;
        }
    }
    return best;
}

void nwc__fold_look_beside(const nwc__fold_sweep *s, const nwc__fold_sweep *other, nwc__fold_beside *beside)
{
    int64_t near = 0;
    for (int64_t r = 0; r < s->n_rays; r++) {
        beside[r] = (nwc__fold_beside){.ray = s->rhi || other->rhi ? -1 : ray_near(other, s->azimuth_deg[r], near)};
        if (beside[r].ray < 0) continue;
        near = beside[r].ray;
        const double here = s->elevation_deg[r] * NWC__RADIANS, there = other->elevation_deg[near] * NWC__RADIANS;
        beside[r].stretch = cos(here) / cos(there);
        beside[r].rise = sin(there) * beside[r].stretch - sin(here);
    }
}
