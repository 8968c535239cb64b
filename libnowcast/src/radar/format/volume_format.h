/* What decoders of radar volumes share: bytes in, a volume out. They open no files. */
#ifndef NWC_RADAR_VOLUME_FORMAT_H
#define NWC_RADAR_VOLUME_FORMAT_H

#include "radar/volume.h"

/* What the codes of a moment mean: (code - offset) / scale from lowest on; below it one code each, or nothing known. */
struct nwc__codes {
    float scale, offset;
    int32_t lowest;  /* the first code that is a value */
    int32_t nothing; /* the code of "observed, nothing there", -1 for none */
    int32_t folded;  /* the code of "range folded", -1 for none */
    float empty;     /* what nothing becomes */
};

/* n codes to cells and, where these are not NULL, flags. */
typedef void nwc__decode_fn(const uint8_t *restrict bytes, int64_t n, const struct nwc__codes *codes,
                            float *restrict cells, uint8_t *restrict flags);
/* Whether one of n codes is this one. */
typedef bool nwc__any_code_fn(const uint8_t *restrict bytes, int64_t n, int32_t code);

/* n whole numbers with a sign, code / scale where they are not the one that stands for a gate that is missing, to cells. */
typedef void nwc__decode_words_fn(const uint8_t *restrict bytes, int64_t n, int32_t missing, float scale,
                                  float *restrict cells);

/* n codes of one byte to what a table has for them. */
typedef void nwc__look_up_fn(const uint8_t *restrict bytes, int64_t n, const float table[256], float *restrict cells);

/* n codes of two bytes to (code - offset) / scale, rounded once, where both are of few digits; 0 to nothing, the highest to NaN. */
typedef void nwc__linear_fn(const uint8_t *restrict bytes, int64_t n, double offset, double scale, float nothing,
                            float *restrict cells);

struct nwc__gate_kernels {
    nwc__decode_fn *u8, *u16_le, *u16_be;
    nwc__decode_words_fn *i16_le, *i16_be;
    nwc__any_code_fn *any_u8, *any_u16_be;
    nwc__look_up_fn *look_up;
    nwc__linear_fn *linear_le;
};

/* Gates that were not recorded; flags may be NULL. */
void nwc__gates_unknown(float *cells, uint8_t *flags, int64_t n);

/* Numbers of a file, byte by byte. */
uint16_t nwc__u16_le(const uint8_t *at);
uint32_t nwc__u32_le(const uint8_t *at);
float nwc__f32_le(const uint8_t *at);
uint16_t nwc__u16_be(const uint8_t *at);
uint32_t nwc__u32_be(const uint8_t *at);
float nwc__f32_be(const uint8_t *at);

/* n bytes of text up to a zero, without blanks at their ends, and a zero behind them. */
void nwc__take_text(const uint8_t *from, size_t n, char *to);

/* NEXRAD Level II, archive or real-time chunks. */
nwc_status nwc__nexrad_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* NEXRAD Level III and CINRAD PUP: products of rays of gates. */
bool nwc__is_level3_polar(const uint8_t *bytes, int64_t size);
nwc_status nwc__level3_polar_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* CINRAD SA, SB, CA, CB of the rules of 2001, which have no mark of their own: whether bytes may be such a file. */
bool nwc__is_cinrad_legacy(const uint8_t *bytes, int64_t size);
nwc_status nwc__cinrad_legacy_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* CINRAD SC and CD, and CC, of the same rules. */
nwc_status nwc__cinrad_sc_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);
nwc_status nwc__cinrad_cc_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* Older X-band phased arrays, which have no mark of their own either. */
bool nwc__is_cinrad_dxk(const uint8_t *bytes, int64_t size);
nwc_status nwc__cinrad_dxk_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* DORADE sweep files. */
nwc_status nwc__dorade_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* Universal Format, which has no mark at its very beginning: whether bytes are such a file. */
bool nwc__is_uf(const uint8_t *bytes, int64_t size);
nwc_status nwc__uf_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* SIGMET/IRIS RAW products. */
nwc_status nwc__iris_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

/* The CMA standard format, and its variant for phased arrays. */
nwc_status nwc__cma_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);

#endif
