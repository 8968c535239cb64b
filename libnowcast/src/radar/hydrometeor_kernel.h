/* Hydrometeor classes: their memberships, and the loop over the gates of a ray. */
#ifndef NWC_RADAR_HYDROMETEOR_KERNEL_H
#define NWC_RADAR_HYDROMETEOR_KERNEL_H

#include <stdint.h>

enum { NWC__CLASSES = 10 };

/* 1 / (1 + ((x - m) / a)^(2 b)) */
typedef struct nwc__membership {
    float m, a;
    int32_t b;
} nwc__membership;

typedef struct nwc__class_table {
    nwc__membership dbz[NWC__CLASSES], zdr[NWC__CLASSES], kdp[NWC__CLASSES], rhohv[NWC__CLASSES],
        temperature[NWC__CLASSES];
} nwc__class_table;

/* By nwc_band. */
extern const nwc__class_table nwc__class_tables[];

struct nwc__hydrometeor_kernels {
    /* The class with the highest score, 1 to 10, of each gate; 0 where dbz, or all of zdr, kdp and rhohv, are NaN, or nothing
     * scores. A temperature that is NaN is like all. */
    void (*classify)(int64_t n, const nwc__class_table *table, const float *dbz, const float *zdr, const float *kdp,
                     const float *rhohv, const float *temperature, float *best);
};

#endif
