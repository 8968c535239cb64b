/*
 * Maps of clutter as they are saved. One elevation is megabytes of numbers, so that the input is only the header, and numbers
 * to be laid over a good map of as many elevations as it says, up to two: four bytes each, of which three say where.
 */
#include "fuzz.h"

#include <nowcast/quality.h>

#include <stdlib.h>

enum { HEAD = 20, LAYER = 4 + 12 * 360 * 600, MOST_LAYERS = 2, STEP = 4 };

/* What is loaded is saved as it was. */
static void load(const uint8_t *bytes, int64_t size)
{
    nwc_clutter_map *map = NULL;
    int64_t again = size;
    int32_t volumes, elevations;
    double angle;
    nwc_field often, mean;
    if (nwc_clutter_map_load(NULL, bytes, size, &map) != NWC_OK) return;
    uint8_t *const saved = malloc((size_t)size);
    if (!saved || nwc_clutter_map_save(map, saved, &again) != NWC_OK || again != size ||
        memcmp(saved, bytes, (size_t)size) != 0)
        abort();
    if (nwc_clutter_map_describe(map, &volumes, &elevations) != NWC_OK) abort();
    for (int32_t k = 0; k < elevations; k++)
        if (nwc_clutter_map_elevation(map, k, &angle, &often, &mean) != NWC_OK) abort();
    free(saved);
    nwc_clutter_map_destroy(map);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t good[HEAD] = "NWCLUT01\0\0\xa0\x40\3\0\0\0\0\0\0"; /* from 5 dBZ on, of three volumes */
    load(bytes, (int64_t)size);
    if (size < HEAD) return 0;
    const int64_t layers = bytes[HEAD - 4] % (MOST_LAYERS + 1), length = HEAD + layers * LAYER;
    uint8_t *const map = calloc((size_t)length, 1);
    if (!map) return 0;
    memcpy(map, good, HEAD);
    for (int k = 0; k < HEAD; k++) map[k] ^= bytes[k];
    map[HEAD - 4] = (uint8_t)layers;
    for (size_t at = HEAD; layers && at + STEP <= size; at += STEP)
        map[HEAD + (bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16) % (layers * LAYER)] = bytes[at + 3];
    load(map, length);
    free(map);
    return 0;
}
