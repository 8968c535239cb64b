/**
 * @file mosaic.h  From volumes of one or several radars to one three-dimensional grid at one time.
 *
 * Gathered, not scattered: every cell looks at the gates about it. Where the centre of a cell lies as each radar sees it is kept in
 * a lookup, which the next volumes of that radar use again, whatever they scan; rays are found by the azimuths they have. NaN
 * is *not observed*; where there was no echo reflectivity is -32 dBZ.
 */
#ifndef NOWCAST_MOSAIC_H
#define NOWCAST_MOSAIC_H

#include <nowcast/grid.h>
#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NWC_MOSAIC_MOST_FIELDS = 8,   /**< in one pass */
    NWC_MOSAIC_MOST_LEVELS = 256, /**< of the grid */
    NWC_MOSAIC_MOST_RADARS = 31   /**< one bit each */
};

/** How gates become a cell. */
typedef enum nwc_mosaic_method {
    NWC_MOSAIC_LINEAR = 0,  /**< between two sweeps, two rays and two gates, by angle and range; the default */
    NWC_MOSAIC_NEAREST = 1, /**< the nearest of those eight */
    NWC_MOSAIC_BARNES = 2,  /**< all within a radius R, weighted by exp(-4 d^2 / R^2) (Barnes 1964) */
    NWC_MOSAIC_CRESSMAN = 3 /**< all within a radius R, weighted by (R^2 - d^2) / (R^2 + d^2) (Cressman 1959) */
} nwc_mosaic_method;

/** How reflectivities of gates become one. */
typedef enum nwc_mosaic_reflectivity {
    NWC_MOSAIC_ECHO = 0, /**< the mean dBZ of the gates with echo, as Z, times their share of the weight; the default */
    NWC_MOSAIC_Z = 1     /**< the mean Z, which no echo adds 0 to: what keeps the sum, and widens what is strong */
} nwc_mosaic_reflectivity;

/** Options of mosaics. Fill with nwc_mosaic_options_init. */
typedef struct nwc_mosaic_options {
    size_t struct_size;    /**< set by the init function */
    int32_t method;        /**< an nwc_mosaic_method; default NWC_MOSAIC_LINEAR */
    int32_t reflectivity;  /**< an nwc_mosaic_reflectivity; default NWC_MOSAIC_ECHO */
    double earth_factor;   /**< as in nwc_beam_options; default 4/3; of lookups too */
    double max_range_m;    /**< cells farther from a radar are none of its; above 0, default 460 km; of lookups too */
    double radius_min_m;   /**< least R of Barnes and Cressman; above 0, default 750 m */
    double radius_beams;   /**< R in widths of the beam where that is more; 0 or more, default 1.25 */
    double beam_width_deg; /**< of volumes that do not say; above 0, default 1 */
    double min_known; /**< a cell is known where at least this share of the weight lies on known gates; 0 to 1, 0.5 */
    double max_age_s; /**< sweeps farther from the time of the mosaic are left out; above 0, default 900 s */
    double quality_range_m; /**< quality falls to 1/e at this range; above 0, default 150 km */
    double quality_age_s;   /**< and at this age; above 0, default 600 s */
    double blocked; /**< where at least this part of the beam is hidden, CBB, and beyond, nothing is observed; above 0
                         to 1, default 0.7 */
    double beyond_beams; /**< so many widths of the beam below the lowest sweep and above the highest their values hold;
                                 0 to 10, default 0.5 */
    int32_t n_levels; /**< of a profile of refractivity, as in nwc_beam_options; default 0 for none; of lookups too */
    const double *height_m, *refractivity; /**< n_levels each: beams are traced through it; borrowed during calls */
} nwc_mosaic_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_mosaic_options_init(nwc_mosaic_options *options);

/** Where the cells of a grid lie as a radar sees them. It never changes: any number of threads may use one. */
typedef struct nwc_mosaic_lookup nwc_mosaic_lookup;

/**
 * Make the lookup of a radar and a grid: 9 bytes for a cell of a column within reach, and 8 for the column.
 *
 * @param volume   any of the radar, whose place is known
 * @param grid     1 to NWC_MOSAIC_MOST_LEVELS levels; copied
 * @param options  NULL for the defaults
 * @param lookup   out: to be given to nwc_mosaic_lookup_destroy; may outlive the context
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_mosaic_lookup_create(nwc_ctx *ctx, const nwc_volume *volume, const nwc_grid *grid,
                                            const nwc_mosaic_options *options, nwc_mosaic_lookup **lookup);

/** 1 where the lookup is that of the radar of a volume, a grid and the options; 0 where it is not, or any but options is NULL. */
NWC_API int32_t nwc_mosaic_lookup_serves(const nwc_mosaic_lookup *lookup, const nwc_volume *volume,
                                         const nwc_grid *grid, const nwc_mosaic_options *options);

/** The bytes it takes; 0 for NULL. */
NWC_API int64_t nwc_mosaic_lookup_bytes(const nwc_mosaic_lookup *lookup);

/** Release; NULL is accepted. */
NWC_API void nwc_mosaic_lookup_destroy(nwc_mosaic_lookup *lookup);

/** What goes into a mosaic: the volume of one radar. */
typedef struct nwc_mosaic_input {
    const nwc_volume *volume;
    const nwc_mosaic_lookup *lookup; /**< one that serves it, or NULL: one is made for this call */
} nwc_mosaic_input;

/** What is wanted of a mosaic. All fields are (z, y, x) on one grid; what describes the cells may be NULL. */
typedef struct nwc_mosaic_output {
    int32_t n_fields;         /**< 1 to NWC_MOSAIC_MOST_FIELDS */
    const char *const *names; /**< of moments */
    nwc_field *
        fields; /**< n_fields, each with the grid; those of radars in "dBZ" are averaged as Z, one in "m s-1" is taken from the
                                   radar of the best quality, since radial velocities of two do not add */
    nwc_field *quality;  /**< 0 to 1, of the best radar: see nwc_mosaic_build; 0 where no radar knows a field */
    nwc_field *age_s;    /**< mean age of what a cell is made of; NaN where there is nothing */
    nwc_labels *radars;  /**< bit r is set where input r knows a field */
    nwc_field *lowest_m; /**< (y, x): height above mean sea level of the lowest beam that passes; NaN where none does */
} nwc_mosaic_output;

/**
 * Make a mosaic.
 *
 * The sweeps of a radar that have a moment are sorted by elevation. Of sweeps at one elevation (within 0.2 degrees) the one
 * that reaches farthest is taken, for velocities the one of the highest Nyquist velocity, and of equal ones the one nearest to the
 * time of the mosaic; in azimuths that it does not have, the rays of the others whose gates lie at the same ranges: sectors
 * join. RHIs and vertical pointing are not used. Beyond the lowest sweep and the highest their values hold as far as
 * beyond_beams says; farther nothing is known. Where a ray is missing its neighbours are used; where more are, what they
 * left out is not known.
 *
 * Quality is exp(-(r / quality_range_m)^2) exp(-(age / quality_age_s)^2), times 2^-(d / beam width)^2 with d the
 * angle to the nearest sweep, times QIND where there is one, which knows of blockage, or else less the part that is blocked, CBB. Radars
 * are averaged with it as weight. Of a sweep that has CBB, what too much of the beam is hidden from is not observed, and the lowest
 * beam that passes is one that sees something.
 *
 * @param inputs    1 to NWC_MOSAIC_MOST_RADARS; one that has none of the fields, or is too old, gives nothing
 * @param time_ns   of the mosaic, UTC
 * @param u, v      (y, x) each on the same grid: motion of echoes, m s-1 over the ground along the grid's x and y, by which every
 *                  ray is brought to the time of the mosaic; NaN is calm; NULL for none
 * @param options   NULL for the defaults
 * @param output    its fields are written
 * @return NWC_OK, also when nothing is known anywhere; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Source: Mohr and Vaughan (1979) for the eight points; Zhang et al. (2011) for weights.
 */
NWC_API nwc_status nwc_mosaic_build(nwc_ctx *ctx, const nwc_mosaic_input *inputs, int32_t n_inputs, int64_t time_ns,
                                    const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *options,
                                    const nwc_mosaic_output *output);

/* ---- sweep by sweep ---- */

/** A mosaic of live data: it takes sweeps as they come and gives, at any time, what the newest of them make. */
typedef struct nwc_mosaic_live nwc_mosaic_live;

/** A sweep that has come. */
typedef struct nwc_mosaic_sweep {
    const nwc_volume *volume; /**< of its radar; need not be whole */
    int32_t sweep;            /**< its number in volume */
    int64_t began_ns;         /**< when the volume that the antenna was in began: what tells one volume from the next */
    int32_t last; /**< 1 where it is the last of that volume: what the radar saw in earlier volumes is then gone */
} nwc_mosaic_sweep;

/**
 * Begin a live mosaic.
 *
 * @param grid      1 to NWC_MOSAIC_MOST_LEVELS levels; copied
 * @param n_fields  1 to NWC_MOSAIC_MOST_FIELDS
 * @param names     of the moments that mosaics are to be made of; copied
 * @param options   NULL for the defaults; copied, with the profile
 * @param live      out: to be given to nwc_mosaic_live_destroy; may outlive the context, but not its allocator
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_mosaic_live_create(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_fields,
                                          const char *const *names, const nwc_mosaic_options *options,
                                          nwc_mosaic_live **live);

/**
 * Take a sweep: what is needed of it is copied. Radars are told apart by their places, and numbered as they come. One that has
 * come before is put in the place of the first; one of a volume before the last whole one is not taken; the lookup of a radar is made
 * with its first sweep. What is older than max_age_s, or 30 minutes where that is more, before the newest sweep of its
 * radar is let go, and so is what was seen before the radar's last whole volume.
 *
 * @return NWC_OK; NWC_ERR_ARG, also for one radar more than NWC_MOSAIC_MOST_RADARS; NWC_ERR_NOMEM; NWC_ERR_CANCELED. When it
 *         fails, the mosaic is as it was.
 */
NWC_API nwc_status nwc_mosaic_live_add(nwc_ctx *ctx, nwc_mosaic_live *live, const nwc_mosaic_sweep *sweep);

/**
 * Make the mosaic for a time. Until a volume is whole, elevations that it has not come to are those of the volume before. Where all
 * radars' last volumes are whole it is, to the bit, what nwc_mosaic_build makes of these volumes, given in the order in
 * which their radars were met.
 *
 * @param radar     the only radar to be used, as nwc_mosaic_live_radar numbers them; -1 for all
 * @param time_ns   UTC; sweeps farther from it than max_age_s are left out, and a radar that has no other is late
 * @param u, v      as for nwc_mosaic_build
 * @param output    fields on the grid of live, named as live was told, or some of them
 * @return as nwc_mosaic_build; NWC_ERR_NODATA before the first sweep
 */
NWC_API nwc_status nwc_mosaic_live_build(nwc_ctx *ctx, const nwc_mosaic_live *live, int32_t radar, int64_t time_ns,
                                         const nwc_field *u, const nwc_field *v, const nwc_mosaic_output *output);

/** One radar of a live mosaic. */
typedef struct nwc_mosaic_radar {
    const char *site; /**< lives as long as the mosaic */
    double latitude_deg, longitude_deg, altitude_m;
    int32_t n_sweeps;  /**< that are kept */
    int64_t newest_ns; /**< of all its rays */
} nwc_mosaic_radar;

/** The radars of which sweeps have come; 0 for NULL. */
NWC_API int32_t nwc_mosaic_live_radars(const nwc_mosaic_live *live);

/** Look at radar @p index, in the order of the bits of nwc_mosaic_output.radars. */
NWC_API nwc_status nwc_mosaic_live_radar(const nwc_mosaic_live *live, int32_t index, nwc_mosaic_radar *radar);

/** Release; NULL is accepted. */
NWC_API void nwc_mosaic_live_destroy(nwc_mosaic_live *live);

#ifdef __cplusplus
}
#endif
#endif
