/* Volumes read while their bytes arrive: what the formats that can be read so have in common. */
#ifndef NWC_RADAR_VOLUME_STREAM_H
#define NWC_RADAR_VOLUME_STREAM_H

#include "radar/format/volume_format.h"

/* Bytes that have arrived and are not used yet. */
struct nwc__arrived {
    const uint8_t *bytes;
    int64_t size;
    bool last; /* no more will come */
};

/* A format: a state of its own, cleared at first, that is fed. */
struct nwc__stream_format {
    const char *name;
    size_t state_size;
    /* Use bytes from the beginning, add sweeps that are whole to volume, and set used; of the last bytes add what there is. */
    nwc_status (*feed)(nwc_ctx *ctx, void *state, const struct nwc__arrived *arrived, nwc_volume *volume,
                       int64_t *used);
    bool (*is_complete)(const void *state); /* whether the volume has come to its end */
    void (*release)(void *state);
    void (*begin)(void *state, nwc_ctx *memory); /* memory outlives the state */
};

extern const struct nwc__stream_format nwc__nexrad_stream, nwc__cma_stream, nwc__cinrad_stream;

#endif
