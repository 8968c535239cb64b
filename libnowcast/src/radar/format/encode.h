/* What encoders of radar volumes share: a volume in, bytes out. They open no files. */
#ifndef NWC_RADAR_FORMAT_ENCODE_H
#define NWC_RADAR_FORMAT_ENCODE_H

#include "radar/format/volume_format.h"

/* Numbers, byte by byte. */
void nwc__put_u16_le(uint8_t *at, uint32_t value);
void nwc__put_u32_le(uint8_t *at, uint32_t value);
void nwc__put_f32_le(uint8_t *at, double value);
void nwc__put_u16_be(uint8_t *at, uint32_t value);
void nwc__put_u32_be(uint8_t *at, uint32_t value);
void nwc__put_f32_be(uint8_t *at, double value);
/* A text of at most n bytes, the rest of them filled; logs what is cut off. */
void nwc__put_text(nwc_ctx *ctx, uint8_t *at, size_t n, uint8_t fill, const char *what, const char *text);

/* Say, once for a volume, that a format has no place for a moment. */
void nwc__log_left_out(nwc_ctx *ctx, const nwc_volume *volume, int32_t sweep, const char *name, const char *format);

/* Of numbers of rays that a format has one for: that of the middle ray; logs where others differ. */
float nwc__one_of_rays(nwc_ctx *ctx, int32_t sweep, const float *numbers, int64_t n, const char *what);

/* How values are coded: value * scale + offset, to the nearest whole number from lowest on. */
struct nwc__coding {
    double scale, offset;
    int32_t bits;   /* 8 or 16 */
    int32_t lowest; /* the first code that is a value */
    bool whole;     /* the format has whole numbers for scale and offset */
};

/*
 * The coding for a moment: the usual one of the format where it holds the values as well as they are known; else one of the
 * moment's own step, that no value is lost; of values without a step, one of the usual step. 16 bits where 8 are too few.
 */
nwc_status nwc__choose_coding(nwc_ctx *ctx, const nwc_moment *moment, const struct nwc__coding *usual,
                              struct nwc__coding *coding);

/* The coding of a moment by its own steps, of codes from 1 to one below the most; bits 0 where it has none, or too many. */
void nwc__choose_steps(const nwc_moment *moment, struct nwc__coding *coding);

/* Codes of gates that have no value. */
struct nwc__no_value {
    int32_t nothing, unknown, folded;
};

/* The first n gates of a ray as codes. */
void nwc__encode_ray(const nwc_moment *moment, int64_t ray, int64_t n, const struct nwc__coding *coding,
                     const struct nwc__no_value *no_value, bool big_endian, uint8_t *to);

/* Gates up to the last that any ray knows; at least 1. */
int64_t nwc__gates_known(const nwc_moment *moment);

/* NEXRAD Level II: an archive file of message 31 in bzip2 records. */
nwc_status nwc__nexrad_encode(nwc_ctx *ctx, const nwc_volume *volume, struct nwc__buffer *buffer);

/* The CMA standard format. */
nwc_status nwc__cma_encode(nwc_ctx *ctx, const nwc_volume *volume, struct nwc__buffer *buffer);

#endif
