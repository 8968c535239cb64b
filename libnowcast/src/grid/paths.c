/*
 * Lines and rings cut at 180 degrees (RFC 7946, 3.1.9).
 *
 * A path is first laid out: longitudes go on beyond 180 degrees, each edge the shorter way, so that the plane has one copy of
 * the earth every 360 degrees. A ring that comes back one turn away from where it began goes around a pole, and is closed along it.
 * Rings are then clipped to each copy they reach, by its western and eastern edge, lines of constant longitude. What is left of
 * a ring between two crossings is a chain. Where outer rings run counter-clockwise and holes clockwise the inside is to the left,
 * so that along the edge ends and beginnings of chains alternate: the kth end goes on with the kth beginning, counted by latitude.
 * This joins holes that the edge cuts to the rings around them, and closes rings that cross themselves, too.
 */
#include "grid/paths.h"

#include <stdlib.h>

enum { FIRST_ROOM = 16 };

#define TURN 360.0

/* ---- sets of paths ---- */

void nwc__paths_release(struct nwc__paths *paths)
{
    nwc__free(paths->ctx, paths->places);
    nwc__free(paths->ctx, paths->paths);
    *paths = (struct nwc__paths){.ctx = paths->ctx};
}

/* Room for one item more in a block of n that has room for *room. */
static nwc_status grow(nwc_ctx *ctx, void **block, int64_t n, int64_t *room, size_t size)
{
    if (n < *room) return NWC_OK;
    const int64_t wanted = *room ? 2 * *room : FIRST_ROOM;
    void *const larger = nwc__alloc(ctx, wanted, size);
    if (!larger) return NWC_ERR_NOMEM;
    if (n) memcpy(larger, *block, (size_t)n * size);
    nwc__free(ctx, *block);
    *block = larger, *room = wanted;
    return NWC_OK;
}

nwc_status nwc__paths_begin(struct nwc__paths *paths, bool hole)
{
    void *block = paths->paths;
    NWC__TRY(grow(paths->ctx, &block, paths->n_paths, &paths->path_room, sizeof *paths->paths));
    paths->paths = block;
    paths->paths[paths->n_paths++] = (struct nwc__path){.first = paths->n_places, .hole = hole};
    return NWC_OK;
}

nwc_status nwc__paths_put(struct nwc__paths *paths, struct nwc__place place)
{
    void *block = paths->places;
    NWC__TRY(grow(paths->ctx, &block, paths->n_places, &paths->place_room, sizeof *paths->places));
    paths->places = block;
    paths->places[paths->n_places++] = place;
    paths->paths[paths->n_paths - 1].n++;
    return NWC_OK;
}

/* Take the last path away again. */
static void drop_last(struct nwc__paths *paths)
{
    paths->n_places = paths->paths[--paths->n_paths].first;
}

static const struct nwc__place *places_of(const struct nwc__paths *paths, int64_t p)
{
    return paths->places + paths->paths[p].first;
}

/* ---- laying out ---- */

/* The number of the copy of the earth a longitude is in; its western edge belongs to it. */
static double copy_of(double longitude)
{
    return floor((longitude + TURN / 2.0) / TURN);
}

static double west_of(double copy)
{
    return copy * TURN - TURN / 2.0;
}

/* By how many turns a longitude is to be moved to be the shorter way from another. */
static double turns_between(double from, double to)
{
    return (remainder(to - from, TURN) - (to - from)) / TURN;
}

/* Where the way from a to b has this longitude. */
static struct nwc__place between(struct nwc__place a, struct nwc__place b, double longitude)
{
    const double share = (longitude - a.longitude) / (b.longitude - a.longitude);
    return (struct nwc__place){.longitude = longitude,
                               .latitude = a.latitude + share * (b.latitude - a.latitude),
                               .height = a.height + share * (b.height - a.height)};
}

static struct nwc__place moved(struct nwc__place place, double east)
{
    place.longitude += east;
    return place;
}

/* Places laid out from the first one's own longitude on; *turn is how far from it the way back to it ends. */
static void lay_out(struct nwc__place *places, int64_t n, double *turn)
{
    const double first = places[0].longitude;
    double turns = 0.0, before = first;
    for (int64_t k = 1; k <= n; k++) {
        const double given = k < n ? places[k].longitude : first;
        turns += round(turns_between(before, given));
        before = given;
        if (k < n) places[k].longitude += turns * TURN;
    }
    *turn = turns * TURN;
}

/* ---- lines ---- */

static nwc_status cut_line(const struct nwc__place *places, int64_t n, struct nwc__paths *pieces)
{
    double copy = copy_of(places[0].longitude);
    NWC__TRY(nwc__paths_begin(pieces, false));
    NWC__TRY(nwc__paths_put(pieces, moved(places[0], -copy * TURN)));
    for (int64_t k = 1; k < n; k++) {
        for (;;) {
            const double west = west_of(copy), east = west + TURN, there = places[k].longitude;
            if (there >= west && there <= east) break;
            const double edge = there < west ? west : east;
            const struct nwc__place crossing = between(places[k - 1], places[k], edge);
            NWC__TRY(nwc__paths_put(pieces, moved(crossing, -copy * TURN)));
            copy += there < west ? -1.0 : 1.0;
            NWC__TRY(nwc__paths_begin(pieces, false));
            NWC__TRY(nwc__paths_put(pieces, moved(crossing, -copy * TURN)));
        }
        NWC__TRY(nwc__paths_put(pieces, moved(places[k], -copy * TURN)));
    }
    return NWC_OK;
}

/* Whether all places are one: where a line begins on the edge. */
static bool is_one_place(const struct nwc__place *places, int64_t n)
{
    for (int64_t k = 1; k < n; k++)
        if (places[k].longitude != places[0].longitude || places[k].latitude != places[0].latitude) return false;
    return true;
}

nwc_status nwc__cut_lines(const struct nwc__paths *lines, struct nwc__paths *pieces)
{
    struct nwc__paths cut = {.ctx = pieces->ctx};
    nwc_status status = NWC_OK;
    for (int64_t p = 0; p < lines->n_paths && status == NWC_OK; p++) {
        double turn;
        const int64_t n = lines->paths[p].n, first = cut.n_paths;
        lay_out(lines->places + lines->paths[p].first, n, &turn);
        status = cut_line(places_of(lines, p), n, &cut);
        for (int64_t c = first; c < cut.n_paths && status == NWC_OK; c++) {
            const struct nwc__place *const places = places_of(&cut, c);
            if (cut.n_paths - first > 1 && is_one_place(places, cut.paths[c].n)) continue;
            status = nwc__paths_begin(pieces, false);
            for (int64_t k = 0; k < cut.paths[c].n && status == NWC_OK; k++) status = nwc__paths_put(pieces, places[k]);
        }
    }
    nwc__paths_release(&cut);
    return status;
}

/* ---- areas ---- */

/* Twice the area, square degrees; above 0 for a ring that runs counter-clockwise. */
static double area_of(const struct nwc__place *ring, int64_t n)
{
    double area = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const struct nwc__place *const a = &ring[k], *const b = &ring[k + 1 < n ? k + 1 : 0];
        area += (a->longitude - ring[0].longitude) * (b->latitude - ring[0].latitude) -
                (b->longitude - ring[0].longitude) * (a->latitude - ring[0].latitude);
    }
    return area;
}

static void reach_of(const struct nwc__place *ring, int64_t n, double *least, double *most)
{
    *least = *most = ring[0].longitude;
    for (int64_t k = 1; k < n; k++) {
        if (ring[k].longitude < *least) *least = ring[k].longitude;
        if (ring[k].longitude > *most) *most = ring[k].longitude;
    }
}

/* A ring around a pole, opened where it crosses 180 degrees and closed along the pole it is nearer to. */
static nwc_status close_over_pole(const struct nwc__place *ring, int64_t n, double turn, struct nwc__paths *out)
{
    double sum = 0.0;
    int64_t last = 0;
    for (int64_t k = 0; k < n; k++) sum += ring[k].latitude;
    while (last < n - 1 && copy_of(ring[last].longitude) == copy_of(ring[last + 1].longitude)) last++;
    const struct nwc__place next = last < n - 1 ? ring[last + 1] : moved(ring[0], turn);
    const double edge = west_of(fmax(copy_of(ring[last].longitude), copy_of(next.longitude)));
    const struct nwc__place crossing = between(ring[last], next, edge);
    NWC__TRY(nwc__paths_put(out, crossing));
    for (int64_t k = last + 1; k < n; k++) NWC__TRY(nwc__paths_put(out, ring[k]));
    for (int64_t k = 0; k <= last; k++) NWC__TRY(nwc__paths_put(out, moved(ring[k], turn)));
    struct nwc__place corner = moved(crossing, turn);
    NWC__TRY(nwc__paths_put(out, corner));
    corner.latitude = sum < 0.0 ? -90.0 : 90.0;
    NWC__TRY(nwc__paths_put(out, corner));
    return nwc__paths_put(out, moved(corner, -turn));
}

/* A ring laid out, the inside to its left, so far east that it begins within a turn of near; NaN for where it is. */
static nwc_status prepare(const struct nwc__paths *rings, int64_t p, double near, struct nwc__paths *out)
{
    struct nwc__place *const given = rings->places + rings->paths[p].first;
    const int64_t n = rings->paths[p].n;
    const bool hole = rings->paths[p].hole;
    double turn, least, most;
    lay_out(given, n, &turn);
    if (fabs(turn) > TURN || (turn != 0.0 && hole))
        return nwc__fail(NWC_ERR_ARG, "part %lld: %s expected", (long long)p,
                         hole ? "a hole that goes round no pole" : "a ring at most once round the earth");
    NWC__TRY(nwc__paths_begin(out, hole));
    if (turn != 0.0)
        NWC__TRY(close_over_pole(given, n, turn, out));
    else
        for (int64_t k = 0; k < n; k++) NWC__TRY(nwc__paths_put(out, given[k]));
    const struct nwc__path *const made = &out->paths[out->n_paths - 1];
    struct nwc__place *const ring = out->places + made->first;
    const double area = area_of(ring, made->n);
    reach_of(ring, made->n, &least, &most);
    if (area == 0.0 || most - least > 2.0 * TURN)
        return nwc__fail(NWC_ERR_ARG, "part %lld: a ring around an area expected, at most once round the earth",
                         (long long)p);
    for (int64_t a = 0, b = made->n - 1; (area < 0.0) != hole && a < b; a++, b--) {
        const struct nwc__place kept = ring[a];
        ring[a] = ring[b], ring[b] = kept;
    }
    const double east = isnan(near) ? 0.0 : -floor((least - near) / TURN) * TURN;
    for (int64_t k = 0; k < made->n; k++) ring[k].longitude += east;
    return NWC_OK;
}

/* Where a chain meets the edge. */
struct end {
    double latitude;
    int64_t chain;
};

static int by_latitude(const void *a, const void *b)
{
    const double x = ((const struct end *)a)->latitude, y = ((const struct end *)b)->latitude;
    return (x > y) - (x < y);
}

static bool is_kept(const struct nwc__place *place, double edge, bool east)
{
    return east ? place->longitude > edge : place->longitude < edge;
}

/* The chains of one ring, as paths of their own; a ring that does not meet the edge is kept or dropped whole. */
static nwc_status chains_of(const struct nwc__paths *rings, int64_t p, double edge, bool east,
                            struct nwc__paths *chains, struct nwc__paths *kept)
{
    const struct nwc__place *const ring = places_of(rings, p);
    const int64_t n = rings->paths[p].n;
    int64_t first = 0; /* the first place that is kept after one that is not */
    while (first < n && !(is_kept(&ring[first], edge, east) && !is_kept(&ring[first ? first - 1 : n - 1], edge, east)))
        first++;
    if (first == n) {
        if (!is_kept(&ring[0], edge, east)) return NWC_OK;
        NWC__TRY(nwc__paths_begin(kept, rings->paths[p].hole));
        for (int64_t k = 0; k < n; k++) NWC__TRY(nwc__paths_put(kept, ring[k]));
        return NWC_OK;
    }
    for (int64_t k = 0; k < n; k++) {
        const struct nwc__place *const here = &ring[(first + k) % n], *const before = &ring[(first + k + n - 1) % n];
        const bool now = is_kept(here, edge, east), then = is_kept(before, edge, east);
        if (now && !then) NWC__TRY(nwc__paths_begin(chains, false));
        if (now != then) NWC__TRY(nwc__paths_put(chains, between(*before, *here, edge)));
        if (now) NWC__TRY(nwc__paths_put(chains, *here));
    }
    const struct nwc__place *const here = &ring[first], *const before = &ring[(first + n - 1) % n];
    return is_kept(before, edge, east) ? nwc__paths_put(chains, between(*before, *here, edge)) : NWC_OK;
}

/* Chains put together to rings; next is the chain each goes on with. */
static nwc_status join(const struct nwc__paths *chains, int64_t *next, struct nwc__paths *kept)
{
    for (int64_t c = 0; c < chains->n_paths; c++) {
        if (next[c] < 0) continue;
        NWC__TRY(nwc__paths_begin(kept, false));
        for (int64_t at = c; next[at] >= 0;) {
            const struct nwc__place *const places = places_of(chains, at);
            for (int64_t k = 0; k < chains->paths[at].n; k++) NWC__TRY(nwc__paths_put(kept, places[k]));
            const int64_t after = next[at];
            next[at] = -1;
            at = after;
        }
        struct nwc__path *const ring = &kept->paths[kept->n_paths - 1];
        const double area = area_of(kept->places + ring->first, ring->n);
        ring->hole = area < 0.0;
        if (area == 0.0) drop_last(kept); /* it only touched the edge */
    }
    return NWC_OK;
}

/* What of an area is east, or west, of an edge: rings and holes in any order. */
static nwc_status clip(const struct nwc__paths *rings, double edge, bool east, struct nwc__paths *kept)
{
    struct nwc__paths chains = {.ctx = kept->ctx};
    struct end *ends = NULL;
    int64_t *next = NULL;
    nwc_status status = NWC_OK;
    for (int64_t p = 0; p < rings->n_paths && status == NWC_OK; p++)
        status = chains_of(rings, p, edge, east, &chains, kept);
    const int64_t n = chains.n_paths;
    if (status != NWC_OK || n == 0) goto done;
    NWC__ALLOC(kept->ctx, ends, 2 * n);
    NWC__ALLOC(kept->ctx, next, n);
    for (int64_t c = 0; c < n; c++) {
        const struct nwc__place *const places = places_of(&chains, c);
        ends[c] = (struct end){places[0].latitude, c};
        ends[n + c] = (struct end){places[chains.paths[c].n - 1].latitude, c};
    }
    qsort(ends, (size_t)n, sizeof *ends, by_latitude);
    qsort(ends + n, (size_t)n, sizeof *ends, by_latitude);
    for (int64_t c = 0; c < n; c++) next[ends[n + c].chain] = ends[c].chain;
    status = join(&chains, next, kept);
done:
    nwc__free(kept->ctx, next);
    nwc__free(kept->ctx, ends);
    nwc__paths_release(&chains);
    return status;
}

/* Whether a place is inside a ring: whether a ray eastward from it meets an odd number of edges. */
static bool is_inside(const struct nwc__place *place, const struct nwc__place *ring, int64_t n)
{
    bool inside = false;
    for (int64_t k = 0; k < n; k++) {
        const struct nwc__place *const a = &ring[k], *const b = &ring[k + 1 < n ? k + 1 : 0];
        if ((a->latitude > place->latitude) == (b->latitude > place->latitude)) continue;
        const double share = (place->latitude - a->latitude) / (b->latitude - a->latitude);
        inside ^= place->longitude < a->longitude + share * (b->longitude - a->longitude);
    }
    return inside;
}

/* Rings and holes in any order, each ring followed by its holes, moved to -180 to 180 degrees. */
static nwc_status put_in_order(const struct nwc__paths *kept, double east, struct nwc__paths *pieces)
{
    int64_t outer = 0;
    for (int64_t p = 0; p < kept->n_paths; p++) outer += !kept->paths[p].hole;
    for (int64_t p = 0; p < kept->n_paths; p++) {
        if (kept->paths[p].hole) continue;
        for (int64_t q = -1; q < kept->n_paths; q++) { /* the ring itself, then its holes */
            const int64_t from = q < 0 ? p : q;
            const struct nwc__place *const places = places_of(kept, from);
            if (q >= 0 &&
                (!kept->paths[q].hole || (outer > 1 && !is_inside(&places[0], places_of(kept, p), kept->paths[p].n))))
                continue;
            NWC__TRY(nwc__paths_begin(pieces, q >= 0));
            for (int64_t k = 0; k < kept->paths[from].n; k++)
                if (k == 0 || !is_one_place(places + k - 1, 2))
                    NWC__TRY(nwc__paths_put(pieces, moved(places[k], east)));
        }
    }
    return NWC_OK;
}

/* One area: its ring and its holes, laid out. */
static nwc_status cut_area(const struct nwc__paths *area, struct nwc__paths *pieces)
{
    struct nwc__paths part = {.ctx = pieces->ctx}, kept = {.ctx = pieces->ctx};
    nwc_status status = NWC_OK;
    double least, most;
    reach_of(places_of(area, 0), area->paths[0].n, &least, &most);
    for (double copy = copy_of(least); west_of(copy) < most && status == NWC_OK; copy += 1.0) {
        const double west = west_of(copy), east = west + TURN;
        if (least >= west && most <= east) {
            status = put_in_order(area, -copy * TURN, pieces);
            break;
        }
        nwc__paths_release(&part);
        nwc__paths_release(&kept);
        status = clip(area, west, true, &part);
        if (status == NWC_OK) status = clip(&part, east, false, &kept);
        if (status == NWC_OK) status = put_in_order(&kept, -copy * TURN, pieces);
    }
    nwc__paths_release(&kept);
    nwc__paths_release(&part);
    return status;
}

nwc_status nwc__cut_areas(const struct nwc__paths *rings, struct nwc__paths *pieces)
{
    struct nwc__paths area = {.ctx = pieces->ctx};
    nwc_status status = NWC_OK;
    double least = NAN, most;
    for (int64_t p = 0; p < rings->n_paths && status == NWC_OK; p++) {
        const bool hole = rings->paths[p].hole;
        status = prepare(rings, p, hole ? least : (double)NAN, &area);
        if (status != NWC_OK) break;
        if (!hole) reach_of(places_of(&area, 0), area.paths[0].n, &least, &most);
        if (p + 1 < rings->n_paths && rings->paths[p + 1].hole) continue;
        status = cut_area(&area, pieces);
        nwc__paths_release(&area);
    }
    nwc__paths_release(&area);
    return status;
}
